"""The tables of a study: declared once, read as they are, checked by every rule.

Map of the layer, in the order data pass through it:

- `declare.py` what a column and a table declare; `schema.py` every table: grain, key, type, unit, source.
- `sources.py` files (CSV, Parquet, Excel, Stata) → cells as they stand (`raw.py`); Parquet is scanned.
  `text_files.py` CSV; `containers.py` limits on what a file may unpack to. `database.py` queries, which read
  only.
- `header.py` which of their columns is which of ours; `wide.py` wide → long; `parse.py` text → number, date
  (`dates.py`: in several forms); `conform.py` duplicates, what is dropped; `columns.py` value mapping, units.
  A cell that can't be read is a violation, never missing; `written.py` and `readings.py` say in which form
  it is, or that it most likely says something else.
- `parts.py` a table that comes in several parts → one.
- `rules.py` what a rule is, and the rules that follow from declarations; `between.py` rules between columns
  and between tables; `plausible.py` what can't be so. Narwhals expressions: the same on every engine.
- `look.py` what no single row shows: `twins.py` one thing written in two ways, `items.py` items of scales
  (off the scale, reversed, twice the same, of another instrument), `odd_numbers.py` codes for
  "missing", columns that say nothing.
- `text_rules.py` blanks and unseen characters in text; `durations.py` tenure of zero whole units.
- `settings.py` names in the study file that nothing answers to; `foreseen.py` what pillars would refuse.
- `consent.py` of streams that rest on consent, the rows that one covers; what is set aside is counted.
- `scored.py` scores that are missing and follow from items, by the key the study file names; after consent.
- `pseudonymise.py` ids of people → keyed hashes, the same in every table; `key.py` the study's key.
- `read.py` `load_tables(study) -> Tables`: all of the above, or a `TablesError` that lists every violation.
- `check.py` `check_study(study) -> CheckReport`; `questions.py` and `section_questions.py` which questions
  the counts can answer (`needs.py`).
- `dictionary.py` the data dictionary; `propose.py` a study file from the headers of a folder (`guess.py` and
  `synonyms.py` do the guessing).
- `provenance.py` where the numbers come from.

A violation (`violation.py`) stops; a note says what was done because the study declares it, or what a reader
should know. Row numbers count the data rows of the source file from 1, the header not counted; where a table
comes in parts, the part is named with each.
"""

from wellperf_models.tables.check import CheckReport, check_study
from wellperf_models.tables.read import Tables, load_tables
from wellperf_models.tables.schema import SCHEMA
from wellperf_models.tables.violation import Note, Violation

__all__ = ["SCHEMA", "CheckReport", "Note", "Tables", "Violation", "check_study", "load_tables"]
