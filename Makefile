# Short names for tasks.py, which does the work and runs where there's no make, too.
PYTHON ?= python3

.PHONY: run test lint types bench gallery docs wheel clean
run test lint types bench gallery docs wheel clean:
	$(PYTHON) tasks.py $@
