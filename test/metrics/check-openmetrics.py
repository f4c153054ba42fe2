"""Reads OpenMetrics expositions with the strict parser of Prometheus' Python client.

Usage: check-openmetrics.py FILE...   Prints one line per file, exits with 1 when one of them is refused.
"""

import sys

from prometheus_client.openmetrics.parser import text_string_to_metric_families


def check(path):
    """Returns how many samples the file has; raises what the parser says against it."""
    # No newline translation: a carriage return in a label is not the end of a line.
    with open(path, encoding="utf-8", newline="") as file:
        families = list(text_string_to_metric_families(file.read()))
    seen = set()
    for family in families:
        for sample in family.samples:
            series = (sample.name, tuple(sorted(sample.labels.items())))
            if series in seen:
                raise ValueError(f"series twice: {series}")
            seen.add(series)
    if not seen:
        raise ValueError("no samples")
    return len(seen)


def main(paths):
    if not paths:
        print("expected files to check")
        return 1
    refused = 0
    for path in paths:
        try:
            print(f"ok     {path}: {check(path)} samples")
        except ValueError as error:
            refused += 1
            print(f"FAILED {path}: {error}")
    return 1 if refused else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
