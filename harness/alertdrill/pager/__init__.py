"""The pager: receives what Alertmanager delivers and keeps a journal of it; arriving here is being paged."""
