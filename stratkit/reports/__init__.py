"""Reports: the HTML page and the figures of a finished run."""
