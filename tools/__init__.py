"""Programs for the people who work on tfgradlint; none of them is installed."""
