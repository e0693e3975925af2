"""What CI makes in place of images that cannot be pulled."""

from __future__ import annotations

import re

import pytest
from stand_ins import RECIPES, build, make_pip_conf
from support.docker_engine import list_base_images
from support.whole_runs import ROOT

from alertdrill.errors import MissingEngine


@pytest.mark.parametrize("image", list_base_images(ROOT))
def test_every_base_image_has_a_stand_in(image: str) -> None:
    """What Dockerfile and compose.yaml take from a registry can be made where there is none."""
    assert any(re.fullmatch(pattern, image) for pattern in RECIPES)


def test_an_image_without_a_recipe() -> None:
    """An image that nothing is known of is not guessed at."""
    with pytest.raises(MissingEngine, match=r"^there is no stand-in for busybox:1$"):
        build("busybox:1")


def test_pip_finds_its_index_in_a_container() -> None:
    """The index that this machine uses is used there too; folders of this machine are left out."""
    listed = (
        "global.index-url='https://index.example/simple'\n"
        ":env:.extra-index-url='file:///opt/simple https://more.example/simple'\n"
        "global.find-links='/opt/wheels'\n"
        "install.trusted-host='index.example\\nmore.example'\n"
        "global.proxy=''\n"
    )
    assert make_pip_conf(listed).splitlines() == [
        "[global]",
        "cert = /etc/ssl/certs/ca-certificates.crt",
        "index-url = https://index.example/simple",
        "extra-index-url = https://more.example/simple",
        "trusted-host = index.example more.example",
    ]
