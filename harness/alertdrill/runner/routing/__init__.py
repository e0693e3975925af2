"""An Alertmanager config asked about many alerts or label sets at once; nobody is notified of anything."""
