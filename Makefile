# Short names for tasks.py, which does the work and runs where there's no make, too.
PYTHON ?= python3

.PHONY: run test lint types bench wheel clean
run test lint types bench wheel clean:
	$(PYTHON) tasks.py $@
