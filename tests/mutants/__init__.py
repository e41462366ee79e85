"""Mutation testing: small faults are put into the program, one at a time, and the tests must notice each.

    make mutants                        a sample of 60, with a fixed seed
    make mutants MUTANTS=200 SEED=2     a larger one, and another
    make mutants ONLY=outbox JOBS=2     only files whose path has this in it, two at a time
    make mutants GROUP=districts MUTANTS=1000   every condition on a district, taken away one at a time

| module | does |
|---|---|
| `edit.py` | a mutant: one edit of one file, and its name, which stays the same when lines move |
| `python_mutants.py` | the mutants of a Python file: operators, boundaries, constants, statements left out |
| `sql_mutants.py` | the mutants of a named statement: conditions, boundaries, order, limits, locks |
| `district_mutants.py` | those of them that take a condition on a district away, and joins without one |
| `groups.py` | which files are mutated, in four groups: domain, pipeline, SQL, leases |
| `fitting_tests.py` | which tests fit a mutant, the nearest first |
| `executed.py` | which tests run which function or statement: seen once, kept in the user's cache folder |
| `reruns.py` | runs them against mutants of statements and functions, all in one run of pytest |
| `swapped.py` | lets a function of the running program have other code for a while |
| `warm.py` | a process that has the libraries and a PostgreSQL already, and forks for each run |
| `runner.py` | runs them against what is left, in a private copy of the tree, until one fails |
| `outcome.py` | what becomes of a mutant |
| `equivalent/` | the mutants that change nothing that matters, each with the reason |

A mutant is *noticed* if a test fails that passes without it, or hangs (*timed out*). It is *invalid* if
PostgreSQL cannot parse it, and then does not count. One that nothing notices *survived*: write the test
that was missing or, if no test could tell the difference, add its name with the reason to `equivalent/`.
The command ends with 1 if fewer than 95 % of those that matter were noticed. The checkout is not changed.

Acceptance and browser tests are left out, as each takes a minute: what only they notice counts as survived.

The first time all other tests are run once, to see what each of them runs; later only files that are new or
have changed. To forget what was seen, delete `~/.cache/rostering-mutants-*.json`.
"""
