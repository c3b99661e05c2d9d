-- What the gateway records of statements, loads and unloads.
-- The columns are listed in the docstring of dao_redshift.testing._system, for those who fill them.

CREATE SCHEMA _dao_redshift;

GRANT USAGE ON SCHEMA _dao_redshift TO PUBLIC;

CREATE TABLE _dao_redshift.installed (version text NOT NULL);

CREATE SEQUENCE _dao_redshift.query_ids AS bigint;

CREATE TABLE _dao_redshift.queries (
    query_id bigint PRIMARY KEY DEFAULT nextval('_dao_redshift.query_ids'),
    user_id integer NOT NULL DEFAULT 100,
    transaction_id bigint NOT NULL DEFAULT 0,
    session_id integer NOT NULL,
    database_name text NOT NULL DEFAULT current_database(),
    query_type text NOT NULL,
    query_label text NOT NULL DEFAULT 'default',
    status text NOT NULL CHECK (status IN ('running', 'success', 'failed', 'canceled')),
    start_time timestamp NOT NULL DEFAULT (clock_timestamp() AT TIME ZONE 'UTC'),
    end_time timestamp,
    returned_rows bigint NOT NULL DEFAULT 0,
    query_text text NOT NULL,
    error_message text NOT NULL DEFAULT ''
);

CREATE TABLE _dao_redshift.loads (
    query_id bigint PRIMARY KEY,
    user_id integer NOT NULL DEFAULT 100,
    transaction_id bigint NOT NULL DEFAULT 0,
    session_id integer NOT NULL,
    database_name text NOT NULL DEFAULT current_database(),
    status text NOT NULL CHECK (status IN ('running', 'completed', 'aborted')),
    table_name text NOT NULL,
    start_time timestamp NOT NULL DEFAULT (clock_timestamp() AT TIME ZONE 'UTC'),
    end_time timestamp,
    data_source text NOT NULL,
    file_format text NOT NULL,
    loaded_rows bigint NOT NULL DEFAULT 0,
    loaded_bytes bigint NOT NULL DEFAULT 0,
    source_file_count integer NOT NULL DEFAULT 0,
    source_file_bytes bigint NOT NULL DEFAULT 0,
    error_count bigint NOT NULL DEFAULT 0,
    error_message text NOT NULL DEFAULT ''
);

CREATE TABLE _dao_redshift.load_files (
    query_id bigint NOT NULL,
    session_id integer NOT NULL,
    filename text NOT NULL,
    file_format text NOT NULL,
    lines_scanned bigint NOT NULL,
    errors bigint NOT NULL DEFAULT 0,
    curtime timestamp NOT NULL DEFAULT (clock_timestamp() AT TIME ZONE 'UTC')
);

CREATE TABLE _dao_redshift.load_errors (
    query_id bigint NOT NULL,
    user_id integer NOT NULL DEFAULT 100,
    transaction_id bigint NOT NULL DEFAULT 0,
    session_id integer NOT NULL,
    database_name text NOT NULL DEFAULT current_database(),
    table_id integer NOT NULL,
    start_time timestamp NOT NULL DEFAULT (clock_timestamp() AT TIME ZONE 'UTC'),
    file_name text NOT NULL,
    line_number bigint NOT NULL,
    column_name text NOT NULL DEFAULT '',
    column_type text NOT NULL DEFAULT '',
    column_length text NOT NULL DEFAULT '',
    "position" integer NOT NULL DEFAULT 0,
    raw_line text NOT NULL DEFAULT '',
    raw_field_value text NOT NULL DEFAULT '',
    error_code integer NOT NULL,
    error_message text NOT NULL
);

CREATE TABLE _dao_redshift.load_error_values (
    query_id bigint NOT NULL,
    user_id integer NOT NULL DEFAULT 100,
    session_id integer NOT NULL,
    filename text NOT NULL,
    line_number bigint NOT NULL,
    field integer NOT NULL,
    colname text NOT NULL,
    value text NOT NULL,
    is_null integer NOT NULL,
    type text NOT NULL,
    col_length text NOT NULL DEFAULT ''
);

CREATE TABLE _dao_redshift.unloads (
    query_id bigint PRIMARY KEY,
    user_id integer NOT NULL DEFAULT 100,
    transaction_id bigint NOT NULL DEFAULT 0,
    session_id integer NOT NULL,
    database_name text NOT NULL DEFAULT current_database(),
    status text NOT NULL CHECK (status IN ('running', 'completed', 'aborted')),
    start_time timestamp NOT NULL DEFAULT (clock_timestamp() AT TIME ZONE 'UTC'),
    end_time timestamp,
    file_format text NOT NULL,
    compression_format text NOT NULL DEFAULT '',
    unloaded_rows bigint NOT NULL DEFAULT 0,
    unloaded_files_count bigint NOT NULL DEFAULT 0,
    unloaded_files_size bigint NOT NULL DEFAULT 0,
    unload_location text NOT NULL,
    error_message text NOT NULL DEFAULT ''
);

CREATE TABLE _dao_redshift.unload_files (
    query_id bigint NOT NULL,
    session_id integer NOT NULL,
    path text NOT NULL,
    start_time timestamp NOT NULL,
    end_time timestamp NOT NULL,
    line_count bigint NOT NULL,
    transfer_size bigint NOT NULL,
    file_format text NOT NULL
);

GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA _dao_redshift TO PUBLIC;

GRANT USAGE ON ALL SEQUENCES IN SCHEMA _dao_redshift TO PUBLIC;

-- Texts are compared by their characters' numbers in Redshift, whatever the database of PostgreSQL does; upper() and lower() know all
-- letters. PostgreSQL has both from version 17 on, systems with glibc before.
DO $$
DECLARE
    best text;
BEGIN
    SELECT format('%I.%I', n.nspname, c.collname) INTO STRICT best
    FROM pg_catalog.pg_collation c JOIN pg_catalog.pg_namespace n ON n.oid = c.collnamespace
    WHERE c.collname IN ('pg_c_utf8', 'C.utf8', 'C.UTF-8', 'C') AND c.collencoding IN (-1, 6)
    ORDER BY array_position(ARRAY['pg_c_utf8', 'C.utf8', 'C.UTF-8', 'C'], c.collname::text) LIMIT 1;
    EXECUTE format('CREATE COLLATION _dao_redshift.by_number FROM %s', best);
END
$$;
