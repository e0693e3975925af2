"""What Locust's master and its workers tell each other about a test, over Locust's own messages.

    worker                                      master
    JOIN    name, sent_s                    →
                                            ←   PLAN    run, plan, opened, keys, sent_s, heard_s
    ASK     run, ticket                     →
                                            ←   GRANT   run, ticket, lease, share, positions
    REPORT  run, number, sent_s, off_s,     →
            leases, released,
            stalls
                                            ←   ACK     run, number, sent_s, heard_s, revoked
                                            ←   STATE   run, opened, keys      to all, when it has changed
    FAILED  run, sentence, exit_code        →

`run` names the test, so that nobody takes a message of an earlier one for one of this. `sent_s` and `heard_s`
are the worker's and the master's clock. A report has, for each lease, what happened since the report before:
`{profile: [lateness of each arrival that left, [[status, latency] of each answer]]}`, in rule time, and all
stalls of the worker so far. A report is
sent again until it is acknowledged, and a worker that has not been for LEASE_WALL_S sends no arrival: it may
be taken for lost. Locust takes a worker for lost after four seconds of silence. Tokens of keys go with PLAN
and STATE; they are never logged, but the channel is not encrypted.
"""

from __future__ import annotations

JOIN = "drill_join"
PLAN = "drill_plan"
ASK = "drill_ask"
GRANT = "drill_grant"
REPORT = "drill_report"
ACK = "drill_ack"
STATE = "drill_state"
FAILED = "drill_failed"

FROM_WORKERS = (JOIN, ASK, REPORT, FAILED)
FROM_MASTER = (PLAN, GRANT, ACK, STATE)

REPORT_EVERY_WALL_S = 0.1
"""What a worker that dies has sent since its last report is sent again, so that is kept short."""
REPEAT_AFTER_WALL_S = 1.0
LEASE_WALL_S = 1.0
