"""Stand-ins for base images that cannot be pulled, made of Debian's packages under the same names.

So that Dockerfile and compose.yaml are used as they are. Each is one layer, imported from a tar stream; its
folders, user and commands are those that the image on the registry has.
"""

from __future__ import annotations

import io
import re
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from support.debian_packages import ETC_APT, unpack

from alertdrill.errors import MissingEngine
from alertdrill.runtime.binaries.apt_sources import find_mirrors

BUILD_TIMEOUT_S = 600.0
NOBODY = 65534
CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")
ACCOUNTS = {
    "etc/passwd": "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/home:/bin/false\n",
    "etc/group": "root:x:0:\nnobody:x:65534:\n",
}
PIP_SETTINGS = ("index-url", "extra-index-url", "trusted-host", "proxy")
"""What of this machine's pip configuration holds in a container too, unless it names a folder."""


def build(image: str) -> None:
    """Build the stand-in for an image; raise MissingEngine if there is none, or it cannot be built."""
    for pattern, make in RECIPES.items():
        if named := re.fullmatch(pattern, image):
            try:
                return make(image, *named.groups())
            except (OSError, subprocess.SubprocessError) as error:
                raise MissingEngine(f"the stand-in for {image} cannot be built: {error}") from error
    raise MissingEngine(f"there is no stand-in for {image}")


def build_python(image: str, version: str, suite: str) -> None:
    """Build the official image of Python from a suite of Debian that has that version."""
    mirrors = find_mirrors(ETC_APT, distribution="debian", component="main")
    if not mirrors:
        raise MissingEngine("this machine's apt has no mirror of Debian")
    packages = "python3,python3-pip,python3-venv,ca-certificates"
    with tempfile.TemporaryDirectory(prefix="debootstrap-", dir="/var/tmp") as folder:
        tree = Path(folder)
        run("debootstrap", "--variant=minbase", f"--include={packages}", suite, folder, mirrors[0].uri)
        (library,) = tree.glob("usr/lib/python3.*")
        if library.name != f"python{version}":
            raise MissingEngine(f"{suite} has {library.name}, not {version}")
        # The official image's Python belongs to nobody but the user; Debian's says that apt manages it.
        (library / "EXTERNALLY-MANAGED").unlink(missing_ok=True)
        for name in ("python", "python3"):
            (tree / "usr/local/bin" / name).symlink_to("/usr/bin/python3")
        (tree / "etc/pip.conf").write_text(make_pip_conf(run(sys.executable, "-m", "pip", "config", "list")))
        if CERTIFICATES.exists():
            (tree / CERTIFICATES.relative_to("/")).write_bytes(CERTIFICATES.read_bytes())
        left_out = ("./proc/", "./sys/", "./dev/", "./var/cache/apt/", "./var/lib/apt/lists/")
        with import_tar(image, 'CMD ["python3"]', "ENV LANG=C.UTF-8") as tar:
            tar.add(tree, ".", filter=lambda info: None if f"{info.name}".startswith(left_out) else info)


def make_pip_conf(listed: str) -> str:
    """Return a pip.conf of what `pip config list` printed, for a container."""
    lines = ["[global]", f"cert = {CERTIFICATES}"]
    for name, value in re.findall(r"^[\w:]*\.([\w-]+)='(.*)'$", listed, re.MULTILINE):
        kept = [word for word in value.replace("\\n", " ").split() if not word.startswith(("/", "file:"))]
        if name in PIP_SETTINGS and kept:
            lines.append(f"{name} = {' '.join(kept)}")
    return "\n".join(lines) + "\n"


def build_prometheus(image: str) -> None:
    """Build the official image of Prometheus."""
    programs = {
        "bin/prometheus": unpack("prometheus") / "usr/bin/prometheus",
        "bin/promtool": unpack("promtool") / "usr/bin/promtool",
    }
    build_server(
        image,
        files=programs
        | {"etc/prometheus/prometheus.yml": unpack("prometheus") / "etc/prometheus/prometheus.yml"},
        data="prometheus",
        changes=(
            "EXPOSE 9090",
            'ENTRYPOINT ["/bin/prometheus"]',
            'CMD ["--config.file=/etc/prometheus/prometheus.yml", "--storage.tsdb.path=/prometheus"]',
        ),
    )


def build_alertmanager(image: str) -> None:
    """Build the official image of Alertmanager; Debian's wants its templates where the package has them."""
    tree = unpack("prometheus-alertmanager")
    templates = tree / "usr/share/prometheus/alertmanager"
    build_server(
        image,
        files={
            "bin/alertmanager": tree / "usr/bin/prometheus-alertmanager",
            "bin/amtool": tree / "usr/bin/amtool",
            "etc/alertmanager/alertmanager.yml": tree / "etc/prometheus/alertmanager.yml",
            "usr/share/prometheus/alertmanager": templates,
        },
        data="alertmanager",
        changes=(
            "EXPOSE 9093",
            'ENTRYPOINT ["/bin/alertmanager"]',
            'CMD ["--config.file=/etc/alertmanager/alertmanager.yml", "--storage.path=/alertmanager"]',
        ),
    )


def build_server(image: str, *, files: dict[str, Path], data: str, changes: Iterable[str]) -> None:
    """Build an image of files, the libraries that they need, BusyBox, and a folder `data` of user nobody."""
    busybox = unpack("busybox-static") / "usr/bin/busybox"
    files = {**files, "bin/busybox": busybox}
    if CERTIFICATES.exists():
        files[str(CERTIFICATES.relative_to("/"))] = CERTIFICATES
    for program in [path for place, path in files.items() if place.startswith("bin/")]:
        files.update({library.lstrip("/"): Path(library).resolve() for library in list_libraries(program)})
    changes = ("USER nobody", f"WORKDIR /{data}", f"VOLUME /{data}", "ENV PATH=/bin", *changes)
    with import_tar(image, *changes) as tar:
        for place, path in files.items():
            tar.add(path, place, filter=give_to_root)
        for applet in run(str(busybox), "--list").split():
            if f"bin/{applet}" not in files:
                tar.addfile(describe(f"bin/{applet}", kind=tarfile.SYMTYPE, linkname="busybox"))
        for place, text in ACCOUNTS.items():
            tar.addfile(describe(place, size=len(text)), io.BytesIO(text.encode()))
        tar.addfile(describe("tmp", kind=tarfile.DIRTYPE, mode=0o1777))
        tar.addfile(describe(data, kind=tarfile.DIRTYPE, mode=0o755, uid=NOBODY, gid=NOBODY))


def list_libraries(program: Path) -> list[str]:
    """Return the libraries that a program is linked with, none if it is a static one."""
    ran = subprocess.run(
        ["ldd", program], capture_output=True, text=True, check=False, timeout=BUILD_TIMEOUT_S
    )
    return re.findall(r"(/\S+) \(0x", ran.stdout)


def give_to_root(info: tarfile.TarInfo) -> tarfile.TarInfo:
    """Let a file belong to root, whoever has it here."""
    info.uid = info.gid = 0
    info.uname = info.gname = ""
    return info


def describe(
    name: str,
    *,
    kind: bytes = tarfile.REGTYPE,
    mode: int = 0o644,
    size: int = 0,
    linkname: str = "",
    uid: int = 0,
    gid: int = 0,
) -> tarfile.TarInfo:
    """Return a tar entry."""
    info = tarfile.TarInfo(name)
    info.type, info.mode, info.size, info.linkname, info.uid, info.gid = kind, mode, size, linkname, uid, gid
    return info


@contextmanager
def import_tar(image: str, *changes: str) -> Iterator[tarfile.TarFile]:
    """Yield a tar to fill; it becomes an image of one layer, with these instructions of a Dockerfile."""
    argv = ["docker", "import", *(f"--change={change}" for change in changes), "-", image]
    with subprocess.Popen(
        argv, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    ) as docker:
        with tarfile.open(fileobj=docker.stdin, mode="w|") as tar:
            yield tar
        _, said = docker.communicate(timeout=BUILD_TIMEOUT_S)
    if docker.returncode:
        raise MissingEngine(f"docker import {image}: {said.decode(errors='replace').strip()}")


def run(*argv: str) -> str:
    """Run a command and return what it printed; raise MissingEngine with its last words if it fails."""
    ran = subprocess.run(argv, capture_output=True, text=True, timeout=BUILD_TIMEOUT_S, check=False)
    if ran.returncode:
        raise MissingEngine(f"{argv[0]} failed: {(ran.stderr or ran.stdout).strip()[-1000:]}")
    return ran.stdout


RECIPES: dict[str, Callable[..., None]] = {
    r"python:(3\.\d+)-slim-(\w+)": build_python,
    r"prom/prometheus:v3\..*": build_prometheus,
    r"prom/alertmanager:v0\..*": build_alertmanager,
}
"""By the image's name; what the name has in groups is passed on."""
