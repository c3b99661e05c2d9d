-- Redshift's names of types, and what its columns may hold.

CREATE FUNCTION _dao_redshift.type_text(type_id oid, modifier integer) RETURNS text
LANGUAGE sql STABLE AS $$
    SELECT CASE type_id
        WHEN 'jsonb'::regtype THEN 'super'
        WHEN 'bytea'::regtype THEN 'binary varying'
        WHEN 'text'::regtype THEN 'character varying(65535)'
        WHEN 'varchar'::regtype THEN format('character varying(%s)', CASE modifier WHEN -1 THEN 65535 ELSE modifier - 4 END)
        ELSE pg_catalog.format_type(type_id, modifier)
    END
$$;

CREATE FUNCTION _dao_redshift.default_encoding(type_id oid, is_sort_key boolean) RETURNS text
LANGUAGE sql STABLE AS $$
    SELECT CASE
        WHEN is_sort_key THEN 'none'
        WHEN type_id IN ('int2'::regtype, 'int4'::regtype, 'int8'::regtype, 'numeric'::regtype, 'date'::regtype, 'time'::regtype,
                         'timetz'::regtype, 'timestamp'::regtype, 'timestamptz'::regtype, 'interval'::regtype) THEN 'az64'
        WHEN type_id IN ('varchar'::regtype, 'text'::regtype, 'bpchar'::regtype, 'bytea'::regtype) THEN 'lzo'
        WHEN type_id = 'jsonb'::regtype THEN 'zstd'
        ELSE 'none'
    END
$$;

-- Volatile, for PostgreSQL calls an immutable one with constant arguments before it looks at a row.
CREATE FUNCTION _dao_redshift.too_long(type_name text) RETURNS boolean
LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'value too long for type %', type_name USING ERRCODE = 'string_data_right_truncation';
END
$$;

CREATE FUNCTION _dao_redshift.limit_name(column_name text) RETURNS text
LANGUAGE sql IMMUTABLE AS $$
    SELECT '_dao_bytes_' || pg_catalog.md5(column_name)
$$;

CREATE FUNCTION _dao_redshift.byte_limit(column_name text, type_id oid, modifier integer, bytes integer) RETURNS text
LANGUAGE sql STABLE AS $$
    SELECT CASE
        WHEN type_id IN ('varchar'::regtype, 'bpchar'::regtype) AND modifier > 4 THEN format(
            'CASE WHEN octet_length(%I) > %s THEN _dao_redshift.too_long(%L) END',
            column_name, modifier - 4, _dao_redshift.type_text(type_id, modifier))
        WHEN type_id = 'bytea'::regtype THEN format(
            'CASE WHEN octet_length(%I) > %s THEN _dao_redshift.too_long(%L) END',
            column_name, coalesce(bytes, 64000), format('binary varying(%s)', coalesce(bytes, 64000)))
    END
$$;

CREATE PROCEDURE _dao_redshift.limit_bytes(table_id regclass, column_name text, bytes integer)
LANGUAGE plpgsql AS $$
DECLARE
    limited text;
BEGIN
    SELECT _dao_redshift.byte_limit(attname, atttypid, atttypmod, bytes) INTO STRICT limited
    FROM pg_catalog.pg_attribute WHERE attrelid = table_id AND attname = column_name AND NOT attisdropped;
    EXECUTE format('ALTER TABLE %s DROP CONSTRAINT IF EXISTS %I', table_id, _dao_redshift.limit_name(column_name));
    IF limited IS NOT NULL THEN
        EXECUTE format('ALTER TABLE %s ADD CONSTRAINT %I CHECK (%s)', table_id, _dao_redshift.limit_name(column_name), limited);
    END IF;
END
$$;

CREATE PROCEDURE _dao_redshift.check_columns(table_id regclass, columns text[])
LANGUAGE plpgsql AS $$
DECLARE
    missing text;
BEGIN
    SELECT c INTO missing FROM unnest(columns) c WHERE NOT EXISTS (
        SELECT FROM pg_catalog.pg_attribute WHERE attrelid = table_id AND attname = c AND attnum > 0 AND NOT attisdropped) LIMIT 1;
    IF missing IS NOT NULL THEN
        RAISE EXCEPTION 'column "%" named in key does not exist', missing USING ERRCODE = 'undefined_column';
    END IF;
END
$$;

CREATE PROCEDURE _dao_redshift.add_key(table_id regclass, key jsonb)
LANGUAGE plpgsql AS $$
DECLARE
    key_columns text[] := ARRAY(SELECT jsonb_array_elements_text(key -> 'columns'));
    foreign_id regclass := (key ->> 'foreign_table')::regclass;
    foreign_key_columns text[] := ARRAY(SELECT jsonb_array_elements_text(key -> 'foreign_columns'));
    kind text := key ->> 'kind';
    key_name text := key ->> 'name';
BEGIN
    CALL _dao_redshift.check_columns(table_id, key_columns);
    IF kind = 'p' THEN
        IF EXISTS (SELECT FROM _dao_redshift.keys k WHERE k.relid = table_id AND k.kind = 'p') THEN
            RAISE EXCEPTION 'multiple primary keys for table "%" are not allowed', table_id USING ERRCODE = 'invalid_table_definition';
        END IF;
        EXECUTE (SELECT format('ALTER TABLE %s %s', table_id, string_agg(format('ALTER COLUMN %I SET NOT NULL', c), ', '))
                 FROM unnest(key_columns) c);
    ELSIF kind = 'f' THEN
        IF cardinality(foreign_key_columns) = 0 THEN
            SELECT k.columns INTO foreign_key_columns FROM _dao_redshift.keys k WHERE k.relid = foreign_id AND k.kind = 'p';
        END IF;
        CALL _dao_redshift.check_columns(foreign_id, foreign_key_columns);
    END IF;
    IF key_name IS NULL THEN
        SELECT relname || CASE kind WHEN 'p' THEN '' ELSE '_' || array_to_string(key_columns, '_') END
            || CASE kind WHEN 'p' THEN '_pkey' WHEN 'u' THEN '_key' ELSE '_fkey' END
        INTO key_name FROM pg_catalog.pg_class WHERE oid = table_id;
    END IF;
    IF EXISTS (SELECT FROM _dao_redshift.keys k WHERE k.relid = table_id AND k.name = key_name) THEN
        RAISE EXCEPTION 'constraint "%" for relation "%" already exists', key_name, table_id USING ERRCODE = 'duplicate_object';
    END IF;
    INSERT INTO _dao_redshift.keys (relid, name, kind, columns, foreign_relid, foreign_columns)
    VALUES (table_id, key_name, kind, key_columns, foreign_id, CASE kind WHEN 'f' THEN foreign_key_columns END);
END
$$;

CREATE PROCEDURE _dao_redshift.drop_key(table_id regclass, key_name text)
LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM _dao_redshift.keys WHERE relid = table_id AND name = key_name;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'constraint "%" of relation "%" does not exist', key_name, table_id USING ERRCODE = 'undefined_object';
    END IF;
END
$$;

-- Called after CREATE TABLE. A table that IF NOT EXISTS found is recorded already and stays as it is.
CREATE PROCEDURE _dao_redshift.define(table_id regclass, attributes jsonb)
LANGUAGE plpgsql AS $$
DECLARE
    item record;
    sort_columns text[] := ARRAY(SELECT jsonb_array_elements_text(attributes -> 'sortkeys'));
BEGIN
    IF EXISTS (SELECT FROM _dao_redshift.table_attributes WHERE relid = table_id) THEN
        RETURN;
    END IF;
    CALL _dao_redshift.check_columns(table_id, sort_columns || (attributes ->> 'distkey'));
    INSERT INTO _dao_redshift.table_attributes VALUES (
        table_id, attributes ->> 'diststyle', attributes ->> 'distkey', attributes ->> 'sortstyle', sort_columns,
        (attributes ->> 'backup')::boolean, attributes -> 'encodings', attributes -> 'lengths');
    -- A query's texts may have no length, and the database's collation.
    FOR item IN
        SELECT attname, CASE atttypid WHEN 'bpchar'::regtype THEN format('char(%s)', greatest(atttypmod - 4, 1))
            ELSE format('varchar(%s)', CASE atttypmod WHEN -1 THEN 65535 ELSE atttypmod - 4 END) END AS type
        FROM pg_catalog.pg_attribute
        WHERE attrelid = table_id AND attnum > 0 AND NOT attisdropped
          AND atttypid IN ('varchar'::regtype, 'bpchar'::regtype, 'text'::regtype)
          AND (atttypmod = -1 OR attcollation <> '_dao_redshift.by_number'::regcollation)
    LOOP
        EXECUTE format('ALTER TABLE %s ALTER COLUMN %I TYPE %s COLLATE _dao_redshift.by_number', table_id, item.attname, item.type);
    END LOOP;
    FOR item IN
        SELECT attname, (attributes -> 'lengths' ->> attname)::integer AS bytes FROM pg_catalog.pg_attribute
        WHERE attrelid = table_id AND attnum > 0 AND NOT attisdropped
          AND atttypid IN ('varchar'::regtype, 'bpchar'::regtype, 'bytea'::regtype) ORDER BY attnum
    LOOP
        CALL _dao_redshift.limit_bytes(table_id, item.attname, item.bytes);
    END LOOP;
    FOR item IN SELECT value FROM jsonb_array_elements(attributes -> 'keys') LOOP
        CALL _dao_redshift.add_key(table_id, item.value);
    END LOOP;
END
$$;

-- Called for ALTER TABLE: the attributes that are not null replace those recorded.
CREATE PROCEDURE _dao_redshift.redefine(table_id regclass, attributes jsonb)
LANGUAGE plpgsql AS $$
DECLARE
    sort_columns text[] := ARRAY(SELECT jsonb_array_elements_text(attributes -> 'sortkeys'));
    encoded_columns text[] := ARRAY(SELECT jsonb_object_keys(attributes -> 'encodings'));
BEGIN
    CALL _dao_redshift.check_columns(table_id, sort_columns || (attributes ->> 'distkey') || encoded_columns);
    UPDATE _dao_redshift.table_attributes SET
        diststyle = coalesce(attributes ->> 'diststyle', diststyle),
        distkey = CASE WHEN attributes ? 'diststyle' THEN attributes ->> 'distkey' ELSE distkey END,
        sortstyle = coalesce(attributes ->> 'sortstyle', sortstyle),
        sortkeys = CASE WHEN attributes ? 'sortstyle' THEN sort_columns ELSE sortkeys END,
        encodings = encodings || coalesce(attributes -> 'encodings', '{}'),
        lengths = lengths || coalesce(attributes -> 'lengths', '{}')
    WHERE relid = table_id;
    IF NOT FOUND THEN
        RAISE EXCEPTION '"%" is not a table made by way of the gateway', table_id USING ERRCODE = 'wrong_object_type';
    END IF;
END
$$;

CREATE PROCEDURE _dao_redshift.column_added(table_id regclass, column_name text, attributes jsonb)
LANGUAGE plpgsql AS $$
BEGIN
    CALL _dao_redshift.redefine(table_id, attributes);
    CALL _dao_redshift.limit_bytes(table_id, column_name, (attributes -> 'lengths' ->> column_name)::integer);
END
$$;

CREATE PROCEDURE _dao_redshift.column_renamed(table_id regclass, old_name text, new_name text)
LANGUAGE plpgsql AS $$
DECLARE
    bytes integer;
BEGIN
    EXECUTE format('ALTER TABLE %s DROP CONSTRAINT IF EXISTS %I', table_id, _dao_redshift.limit_name(old_name));
    UPDATE _dao_redshift.table_attributes SET
        distkey = CASE distkey WHEN old_name THEN new_name ELSE distkey END,
        sortkeys = array_replace(sortkeys, old_name, new_name),
        encodings = CASE WHEN encodings ? old_name
            THEN (encodings - old_name) || jsonb_build_object(new_name, encodings -> old_name) ELSE encodings END,
        lengths = CASE WHEN lengths ? old_name
            THEN (lengths - old_name) || jsonb_build_object(new_name, lengths -> old_name) ELSE lengths END
    WHERE relid = table_id;
    UPDATE _dao_redshift.keys SET columns = array_replace(columns, old_name, new_name) WHERE relid = table_id;
    UPDATE _dao_redshift.keys SET foreign_columns = array_replace(foreign_columns, old_name, new_name) WHERE foreign_relid = table_id;
    SELECT (lengths ->> new_name)::integer INTO bytes FROM _dao_redshift.table_attributes WHERE relid = table_id;
    CALL _dao_redshift.limit_bytes(table_id, new_name, bytes);
END
$$;

CREATE PROCEDURE _dao_redshift.check_drop(table_id regclass, column_name text)
LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM _dao_redshift.table_attributes t WHERE relid = table_id AND t.distkey = column_name) THEN
        RAISE EXCEPTION 'cannot drop distkey column "%"', column_name USING ERRCODE = 'feature_not_supported';
    ELSIF EXISTS (SELECT FROM _dao_redshift.table_attributes t WHERE relid = table_id AND column_name = ANY (t.sortkeys)) THEN
        RAISE EXCEPTION 'cannot drop sortkey column "%"', column_name USING ERRCODE = 'feature_not_supported';
    END IF;
    DELETE FROM _dao_redshift.keys k WHERE k.relid = table_id AND column_name = ANY (k.columns);
END
$$;

CREATE PROCEDURE _dao_redshift.resize(table_id regclass, column_name text, size integer)
LANGUAGE plpgsql AS $$
DECLARE
    found record;
BEGIN
    SELECT atttypid, atttypmod - 4 AS size, atthasdef INTO found FROM pg_catalog.pg_attribute
    WHERE attrelid = table_id AND attname = column_name AND attnum > 0 AND NOT attisdropped;
    IF found IS NULL THEN
        RAISE EXCEPTION 'column "%" of relation "%" does not exist', column_name, table_id USING ERRCODE = 'undefined_column';
    ELSIF found.atttypid <> 'varchar'::regtype THEN
        RAISE EXCEPTION 'target column "%" must be of type varchar', column_name USING ERRCODE = 'feature_not_supported';
    ELSIF found.atthasdef THEN
        RAISE EXCEPTION 'cannot alter type of column "%" which has a default value', column_name USING ERRCODE = 'feature_not_supported';
    ELSIF EXISTS (SELECT FROM _dao_redshift.keys k WHERE k.relid = table_id AND column_name = ANY (k.columns)) THEN
        RAISE EXCEPTION 'cannot alter type of column "%" which is in a key', column_name USING ERRCODE = 'feature_not_supported';
    ELSIF size < found.size THEN
        RAISE EXCEPTION 'cannot alter column "%" to a size smaller than %', column_name, found.size USING ERRCODE = 'feature_not_supported';
    END IF;
    EXECUTE format('ALTER TABLE %s ALTER COLUMN %I TYPE varchar(%s) COLLATE _dao_redshift.by_number', table_id, column_name, size);
    CALL _dao_redshift.limit_bytes(table_id, column_name, NULL);
END
$$;

CREATE PROCEDURE _dao_redshift.append(target regclass, source regclass, ignore_extra boolean, fill_target boolean)
LANGUAGE plpgsql AS $$
DECLARE
    named text;
    extra text;
    absent text;
BEGIN
    WITH t AS (SELECT attname, _dao_redshift.type_text(atttypid, atttypmod) AS type FROM pg_catalog.pg_attribute
               WHERE attrelid = target AND attnum > 0 AND NOT attisdropped AND attidentity = ''),
         s AS (SELECT attname, _dao_redshift.type_text(atttypid, atttypmod) AS type FROM pg_catalog.pg_attribute
               WHERE attrelid = source AND attnum > 0 AND NOT attisdropped AND attidentity = '')
    SELECT string_agg(format('%I', t.attname), ', ') FILTER (WHERE t.type = s.type),
           string_agg(s.attname, ', ') FILTER (WHERE t.type IS DISTINCT FROM s.type AND s.type IS NOT NULL),
           string_agg(t.attname, ', ') FILTER (WHERE s.attname IS NULL)
    INTO named, extra, absent FROM t FULL JOIN s USING (attname);
    IF extra IS NOT NULL AND NOT ignore_extra THEN
        RAISE EXCEPTION 'ALTER TABLE APPEND: columns of the source that the target has not: %', extra USING ERRCODE = 'feature_not_supported';
    ELSIF absent IS NOT NULL AND NOT fill_target THEN
        RAISE EXCEPTION 'ALTER TABLE APPEND: columns of the target that the source has not: %', absent USING ERRCODE = 'feature_not_supported';
    END IF;
    EXECUTE format('INSERT INTO %s (%s) SELECT %s FROM %s', target, named, named, source);
    EXECUTE format('TRUNCATE %s', source);
END
$$;
