"""The distribution's packages: how apt is asked, and, on Debian, the real thing."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import threading
from collections.abc import Sequence
from pathlib import Path

import pytest

from alertdrill.errors import MissingEngine
from alertdrill.runtime.binaries import private_apt as privateapt
from alertdrill.runtime.binaries.binaries import read_pair
from alertdrill.runtime.binaries.debian import DistributionPackages
from alertdrill.runtime.binaries.generations import FAMILIES, Generation
from alertdrill.runtime.binaries.sources import OutOfReach

FAKE_APT = """\
#!/bin/sh
echo "$@" >>"{log}"
for last; do :; done
if [ "$last" = update ]; then
    case "$@" in *sourcelist=*) ;; *) exit 3 ;; esac
    lists=$(echo "$@" | sed 's/.*sourcelist=\\([^ ]*\\) .*/\\1/')
    cat "$lists" >>"{log}"
    exit 0
fi
case " {packages} " in
*" $last "*) touch "$last.deb" ;;
*) echo "E: Unable to locate $last" >&2; exit 100 ;;
esac
"""
FAKE_DPKG = """\
#!/bin/sh
mkdir -p "$3/usr/bin"
place() {
    printf '#!/bin/sh\\necho %s, version %s\\n' "$2" "$3" >"$1"
    chmod +x "$1"
}
case "$2" in
*/prometheus.deb) place "$3/usr/bin/prometheus" prometheus {prometheus} ;;
*/promtool.deb) place "$3/usr/bin/promtool" promtool {prometheus} ;;
*/prometheus-alertmanager.deb)
    place "$3/usr/bin/prometheus-alertmanager" alertmanager {alertmanager}
    place "$3/usr/bin/amtool" amtool {alertmanager} ;;
esac
"""
ALL = "prometheus promtool prometheus-alertmanager"
NEW = {"prometheus": "3.5.3+ds1", "alertmanager": "0.33.1"}
OLD = {"prometheus": "2.42.0+ds", "alertmanager": "0.25.0"}


class Machine:
    """A made-up Debian: os-release, /etc/apt and an apt-get that has these packages."""

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.root = root
        self.log = root / "apt.log"
        self.etc_apt = root / "etc"
        self.into = root / "into"
        for folder in (self.etc_apt, self.into, root / "bin"):
            folder.mkdir()
        self.etc_apt.joinpath("sources.list").write_text("deb http://m.example/debian trixie main\n")
        self.release = {"ID": "debian", "VERSION_CODENAME": "trixie"}
        monkeypatch.setattr(platform, "freedesktop_os_release", lambda: self.release)
        monkeypatch.setenv("PATH", f"{root / 'bin'}:{os.environ['PATH']}")
        self.offer("")

    def offer(self, packages: str, versions: dict[str, str] = NEW, apt: str = FAKE_APT) -> None:
        """Make apt-get know these packages, in these versions."""
        for name, text in (("apt-get", apt), ("dpkg-deb", FAKE_DPKG)):
            program = self.root / "bin" / name
            for field, value in (versions | {"packages": packages, "log": str(self.log)}).items():
                text = text.replace(f"{{{field}}}", value)
            program.write_text(text)
            program.chmod(0o755)

    def fetch(self, generation: Generation = Generation.NEWEST) -> None:
        """Fetch both families."""
        DistributionPackages(etc_apt=self.etc_apt).fetch(FAMILIES, generation, self.into)


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    """Return a made-up Debian."""
    return Machine(tmp_path, monkeypatch)


def test_programs_get_their_own_names(machine: Machine) -> None:
    """The programs stand under their upstream names, and nothing else is left behind."""
    machine.offer(ALL)
    machine.fetch()
    found = sorted(str(path.relative_to(machine.into)) for path in machine.into.rglob("*") if path.is_file())
    assert found == [
        "alertmanager/alertmanager",
        "alertmanager/amtool",
        "prometheus/prometheus",
        "prometheus/promtool",
    ]


@pytest.mark.parametrize(
    ("generation", "suite", "versions"),
    [(Generation.OLDEST, "bookworm", OLD), (Generation.NEWEST, "unstable", NEW)],
)
def test_the_suite_follows_the_generation(
    machine: Machine, generation: Generation, suite: str, versions: dict[str, str]
) -> None:
    """On Debian, a generation comes from the suite that has it, at the mirror that apt uses anyway."""
    machine.offer(ALL, versions)
    machine.fetch(generation)
    log = machine.log.read_text()
    assert f"URIs: http://m.example/debian\nSuites: {suite}\nComponents: main\n" in log
    assert "trixie" not in log


def test_ubuntu_has_its_own_suite_only(machine: Machine) -> None:
    """On Ubuntu, Debian's suites are not asked for, because other keys sign them."""
    machine.release = {"ID": "ubuntu", "VERSION_CODENAME": "noble"}
    machine.etc_apt.joinpath("sources.list").write_text("deb http://m.example/ubuntu noble main universe\n")
    machine.offer(ALL)
    machine.fetch()
    assert "Suites: noble\nComponents: universe\n" in machine.log.read_text()


def test_nothing_of_the_machines_apt_is_touched(machine: Machine) -> None:
    """Every call of apt-get has lists, cache and status of its own, and only downloads."""
    machine.offer(ALL)
    machine.fetch()
    calls = [line for line in machine.log.read_text().splitlines() if line.startswith("-")]
    assert len(calls) == 4
    for call in calls:
        for option in ("Dir::State::lists", "Dir::State::status", "Dir::Cache", "Dir::Etc::sourcelist"):
            assert f"--option={option}={machine.into}/" in call
        assert call.split()[-1] == "update" or call.split()[-2] == "download"


def test_half_a_family_is_no_family(machine: Machine) -> None:
    """A server without its tool is not given; what is whole is."""
    machine.offer("prometheus prometheus-alertmanager")
    with pytest.raises(MissingEngine, match="unstable: no package with promtool could be had"):
        machine.fetch()
    assert [path.name for path in machine.into.iterdir()] == ["alertmanager"]


def test_the_machines_own_suite_comes_second(machine: Machine) -> None:
    """If the generation's suite has another version by now, the machine's own suite is asked."""
    machine.offer(ALL, OLD)
    with pytest.raises(
        MissingEngine, match=r"unstable: .* is Prometheus 2\.42\.0.*; trixie: .* is Prometheus"
    ):
        machine.fetch(Generation.NEWEST)
    assert list(machine.into.iterdir()) == []


def test_apts_complaint_is_passed_on(machine: Machine) -> None:
    """If the lists cannot be read, the error has apt's last words."""
    machine.offer("", apt="#!/bin/sh\necho 'E: The mirror is on fire' >&2\nexit 100\n")
    with pytest.raises(
        MissingEngine, match=r"^unstable: The mirror is on fire; trixie: The mirror is on fire$"
    ):
        machine.fetch()


def test_apt_that_hangs_is_given_up(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    """apt-get is ended when it takes too long."""
    monkeypatch.setattr(privateapt, "APT_TIMEOUT_S", 0.2)
    machine.offer("", apt="#!/bin/sh\nexec sleep 30\n")
    with pytest.raises(OutOfReach, match=r"apt-get did not end within 0\.2 s"):
        machine.fetch()


def test_another_distribution(machine: Machine) -> None:
    """A machine that is neither Debian nor Ubuntu is told so."""
    machine.release = {"ID": "fedora"}
    with pytest.raises(OutOfReach, match="neither Debian nor Ubuntu"):
        machine.fetch()


def test_a_debian_without_a_mirror(machine: Machine) -> None:
    """A Debian whose apt has no main archive is told so."""
    machine.etc_apt.joinpath("sources.list").unlink()
    with pytest.raises(OutOfReach, match="apt has no source for main of Debian"):
        machine.fetch()


def is_debian_and_root() -> bool:
    """Return whether this machine is the one that the real thing is meant for."""
    try:
        release = platform.freedesktop_os_release()
    except OSError:
        return False
    return release["ID"] == "debian" and os.geteuid() == 0 and shutil.which("apt-get") is not None


@pytest.mark.network
@pytest.mark.skipif(
    not is_debian_and_root() and "CI" not in os.environ, reason="takes packages as root on Debian"
)
@pytest.mark.parametrize("generation", list(Generation))
def test_debians_packages_run_here(tmp_path: Path, generation: Generation) -> None:
    """Debian's mirror has both families of either generation, and their servers start without more."""
    DistributionPackages().fetch(FAMILIES, generation, tmp_path)
    for family in FAMILIES:
        paths = {program: tmp_path / family.name / program for program in family.programs}
        assert read_pair(family, paths, "Debian", generation).version
    config = tmp_path / "alertmanager.yml"
    config.write_text("{route: {receiver: nobody}, receivers: [{name: nobody}]}")
    alertmanager = [
        tmp_path / "alertmanager/alertmanager",
        f"--config.file={config}",
        f"--storage.path={tmp_path / 'data'}",
        "--web.listen-address=127.0.0.1:0",
        "--cluster.listen-address=",
    ]
    assert run_until(alertmanager, "Listening on")
    # An installed package's files must not have been the ones that helped.
    (tmp_path / "alertmanager/files/default.tmpl").rename(tmp_path / "default.tmpl")
    assert run_until(alertmanager, "failed to parse templates")
    config.write_text("{}")
    prometheus = [
        tmp_path / "prometheus/prometheus",
        f"--config.file={config}",
        f"--storage.tsdb.path={tmp_path / 'tsdb'}",
        "--web.listen-address=127.0.0.1:0",
    ]
    assert run_until(prometheus, "Server is ready to receive web requests")


def run_until(argv: Sequence[str | Path], said: str) -> bool:
    """Start a server, return whether its log comes to say something before it ends, and end it."""
    with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as server:
        ending = threading.Timer(30, server.kill)
        ending.start()
        try:
            assert server.stdout is not None
            return any(said in line for line in server.stdout)
        finally:
            ending.cancel()
            server.kill()
