"""The one place that writes secrets: files and folders that are their owner's alone.

The umask has no say in it: permissions are set, not asked for.
"""

from __future__ import annotations

import os
from pathlib import Path


def make_secret_folder(folder: Path) -> Path:
    """Let a folder be there that only its owner can open, and return where it is."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)
    return folder


def write_secret(path: Path, secret: str | bytes) -> Path:
    """Write a file that only its owner can read, from its first byte on, and return where it is.

    A file of that name is replaced, and a link is not followed: who has the old one open reads nothing new.
    """
    content = secret.encode() if isinstance(secret, str) else secret
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        os.fchmod(descriptor, 0o600)
        file.write(content)
    return path
