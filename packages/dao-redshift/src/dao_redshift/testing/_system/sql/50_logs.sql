-- STL and SYS views over what the gateway records; columns as the Database Developer Guide lists them.

CREATE VIEW _dao_redshift.stl_query AS
SELECT user_id AS userid, query_id::integer AS query, left(query_label, 320)::character(320) AS label, transaction_id AS xid,
       session_id AS pid, left(database_name, 32)::character(32) AS database, left(query_text, 4000)::character(4000) AS querytxt,
       start_time AS starttime, end_time AS endtime, CASE WHEN status IN ('failed', 'canceled') THEN 1 ELSE 0 END AS aborted,
       0 AS insert_pristine, 0 AS concurrency_scaling_status
FROM _dao_redshift.queries;

CREATE VIEW _dao_redshift.sys_query_history AS
SELECT user_id, query_id, left(query_label, 320)::character(320) AS query_label, transaction_id, session_id,
       left(database_name, 128)::character(128) AS database_name, left(query_type, 32)::character(32) AS query_type,
       left(status, 10)::character(10) AS status, false AS result_cache_hit, start_time, end_time, q.elapsed AS elapsed_time,
       0::bigint AS queue_time, q.elapsed AS execution_time, left(error_message, 512)::character(512) AS error_message, returned_rows,
       0::bigint AS returned_bytes, left(query_text, 4000)::character(4000) AS query_text, 'Redshift 1.0'::text AS redshift_version,
       NULL::text AS usage_limit, 'primary'::text AS compute_type, 0::bigint AS compile_time, 0::bigint AS planning_time,
       0::bigint AS lock_wait_time
FROM _dao_redshift.queries
CROSS JOIN LATERAL (SELECT (extract(epoch FROM coalesce(end_time, start_time) - start_time) * 1000000)::bigint AS elapsed) q;

CREATE VIEW _dao_redshift.stl_load_errors AS
SELECT user_id AS userid, 0 AS slice, table_id AS tbl, start_time AS starttime, session_id AS session, query_id::integer AS query,
       left(file_name, 256)::character(256) AS filename, line_number, left(column_name, 127)::character(127) AS colname,
       left(column_type, 10)::character(10) AS type, left(column_length, 10)::character(10) AS col_length, "position",
       left(raw_line, 1024)::character(1024) AS raw_line, left(raw_field_value, 1024)::character(1024) AS raw_field_value,
       error_code AS err_code, left(error_message, 100)::character(100) AS err_reason, 0 AS is_partial, 0::bigint AS start_offset,
       NULL::bigint AS copy_job_id
FROM _dao_redshift.load_errors;

CREATE VIEW _dao_redshift.sys_load_error_detail AS
SELECT user_id, query_id, transaction_id, session_id, left(database_name, 64)::character(64) AS database_name, table_id, start_time,
       left(file_name, 256)::character(256) AS file_name, line_number, left(column_name, 127)::character(127) AS column_name,
       left(column_type, 10)::character(10) AS column_type, left(column_length, 10)::character(10) AS column_length, "position",
       error_code, left(error_message, 512)::character(512) AS error_message
FROM _dao_redshift.load_errors;

CREATE VIEW _dao_redshift.stl_loaderror_detail AS
SELECT user_id AS userid, 0 AS slice, session_id AS session, query_id::integer AS query, left(filename, 256)::character(256) AS filename,
       line_number, field, left(colname, 1024)::character(1024) AS colname, left(value, 1024)::character(1024) AS value, is_null,
       left(type, 10)::character(10) AS type, left(col_length, 10)::character(10) AS col_length
FROM _dao_redshift.load_error_values;

CREATE VIEW _dao_redshift.stl_load_commits AS
SELECT l.user_id AS userid, f.query_id::integer AS query, 0 AS slice, left(f.filename, 256)::character(256) AS filename, f.curtime,
       1 AS status, f.errors, f.lines_scanned, 0 AS is_partial, 0::bigint AS start_offset, NULL::bigint AS copy_job_id,
       left(f.file_format, 16)::character(16) AS file_format
FROM _dao_redshift.load_files f JOIN _dao_redshift.loads l USING (query_id) WHERE l.status = 'completed';

CREATE VIEW _dao_redshift.sys_load_history AS
SELECT user_id, query_id, transaction_id, session_id, database_name, status, table_name, start_time, end_time,
       (extract(epoch FROM end_time - start_time) * 1000000)::bigint AS duration, data_source, lower(file_format) AS file_format,
       loaded_rows, loaded_bytes, source_file_count, source_file_bytes, source_file_count AS file_count_scanned,
       source_file_bytes AS file_bytes_scanned, error_count, NULL::bigint AS copy_job_id, error_message
FROM _dao_redshift.loads;

CREATE VIEW _dao_redshift.sys_unload_history AS
SELECT user_id, query_id, transaction_id, session_id, database_name, status, start_time, end_time,
       (extract(epoch FROM end_time - start_time) * 1000000)::bigint AS duration, lower(file_format) AS file_format,
       compression_format, unloaded_rows, unloaded_files_count, unloaded_files_size, unload_location, error_message
FROM _dao_redshift.unloads;

CREATE VIEW _dao_redshift.stl_unload_log AS
SELECT u.user_id AS userid, f.query_id::integer AS query, 0 AS slice, f.session_id AS pid, left(f.path, 1280)::character(1280) AS path,
       f.start_time, f.end_time, f.line_count, f.transfer_size, left(f.file_format, 10)::character(10) AS file_format
FROM _dao_redshift.unload_files f JOIN _dao_redshift.unloads u USING (query_id);
