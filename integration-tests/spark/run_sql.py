"""Answers SQL by Spark: `python run_sql.py WAREHOUSE DATABASE` reads and writes lines of JSON."""

from __future__ import annotations

import json
import sys

from iceberg_session import rows_of, session

if __name__ == "__main__":
    answers = sys.stdout
    sys.stdout = sys.stderr
    spark = session(*sys.argv[1:3])
    for line in sys.stdin:
        try:
            frame = spark.sql(json.loads(line))
            found = {"columns": frame.columns, "rows": rows_of(frame)}
        except Exception as error:
            found = {"error": f"{type(error).__name__}: {error}"[:2000]}
        print(json.dumps(found), file=answers, flush=True)
