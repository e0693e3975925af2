"""The systems: each is a folder, and a sixth system is a sixth folder, here or anywhere else.

| file | what it says | |
|---|---|---|
| `values.yml` | thresholds, windows and switches of the alerts | always |
| `rules.tmpl.yml` | the alert rules, with placeholders for values | always |
| `drills.py`, or `drills/` | `make_drills(values)`: the drills | always |
| `surface.py` | `JOB`, and `Surface`: the metrics, moved by the gateway's events | if we serve them |
| `metrics.yml` | the table of the metrics that the surface is held to | with a surface |
| `system.yml` | `job: NAME`, the scrape job of the metrics | without a surface |
| `rules.yml` | the rules with the values as shipped and every alert on | |
| `as_written.yml` | rules that their authors got wrong, kept to prove it | |
| `paging.yml` | rules that drill the paging path | |
| `queries.yml` | the useful queries | |
| `panels.yml`, `dashboard.json` | what the dashboard shows, and the dashboard for Grafana made of that | |
| `runbook.md` | what each alert means and what to do | |
| `survivors.yml` | why no drill need notice some mutants of the rules; which metrics are 0 or 1 | |
| `recordings/` | golden recordings of its drills | |

docs/how-to/systems.md says where systems are found, and how to add one.
"""

from alertdrill.systems.finding import find_own, find_served, find_systems
from alertdrill.systems.system import Surface, SurfaceModule, System

__all__ = ["Surface", "SurfaceModule", "System", "find_own", "find_served", "find_systems"]
