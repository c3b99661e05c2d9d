-- The attributes of tables that PostgreSQL has no place for are the comment of a constraint that holds always: PostgreSQL drops
-- it with its table. In a table of the gateway's own they would be in the way of serializable transactions, which fail if
-- each reads what the other writes; catalogs are exempt from that.

CREATE VIEW _dao_redshift.table_attributes AS
SELECT c.conrelid AS relid, a ->> 'diststyle' AS diststyle, a ->> 'distkey' AS distkey, a ->> 'sortstyle' AS sortstyle,
       ARRAY(SELECT jsonb_array_elements_text(a -> 'sortkeys')) AS sortkeys, a -> 'encodings' AS encodings, a -> 'lengths' AS lengths,
       a -> 'keys' AS keys
FROM pg_catalog.pg_constraint c
JOIN pg_catalog.pg_description d ON d.objoid = c.oid AND d.classoid = 'pg_constraint'::regclass
CROSS JOIN LATERAL (SELECT d.description::jsonb AS a) attributes
WHERE c.conname = '_dao_attributes' AND c.contype = 'c';

CREATE VIEW _dao_redshift.keys AS
SELECT (3900000000 + ('x' || substr(md5(relid || ':' || (key ->> 'name')), 1, 7))::bit(28)::bigint)::oid AS id, relid,
       key ->> 'name' AS name, key ->> 'kind' AS kind, ARRAY(SELECT jsonb_array_elements_text(key -> 'columns')) AS columns,
       (key ->> 'foreign_relid')::oid AS foreign_relid, ARRAY(SELECT jsonb_array_elements_text(key -> 'foreign_columns')) AS foreign_columns
FROM _dao_redshift.table_attributes CROSS JOIN LATERAL jsonb_array_elements(keys) key;

CREATE FUNCTION _dao_redshift.attributes_of(table_id regclass) RETURNS jsonb LANGUAGE sql STABLE AS $$
    SELECT obj_description(oid, 'pg_constraint')::jsonb FROM pg_catalog.pg_constraint
    WHERE conrelid = table_id AND conname = '_dao_attributes'
$$;

CREATE PROCEDURE _dao_redshift.record(table_id regclass, attributes jsonb) LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('COMMENT ON CONSTRAINT _dao_attributes ON %s IS %L', table_id, attributes);
END
$$;

CREATE FUNCTION _dao_redshift.recorded(table_id regclass) RETURNS jsonb LANGUAGE plpgsql STABLE AS $$
DECLARE
    attributes jsonb := _dao_redshift.attributes_of(table_id);
BEGIN
    IF attributes IS NULL THEN
        RAISE EXCEPTION '"%" is not a table made by way of the gateway', table_id USING ERRCODE = 'wrong_object_type';
    END IF;
    RETURN attributes;
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
    attributes jsonb := _dao_redshift.recorded(table_id);
    key_columns text[] := ARRAY(SELECT jsonb_array_elements_text(key -> 'columns'));
    foreign_id regclass := (key ->> 'foreign_table')::regclass;
    foreign_key_columns text[] := ARRAY(SELECT jsonb_array_elements_text(key -> 'foreign_columns'));
    kind text := key ->> 'kind';
    key_name text := key ->> 'name';
BEGIN
    CALL _dao_redshift.check_columns(table_id, key_columns);
    IF kind = 'p' THEN
        IF attributes -> 'keys' @> '[{"kind": "p"}]' THEN
            RAISE EXCEPTION 'multiple primary keys for table "%" are not allowed', table_id USING ERRCODE = 'invalid_table_definition';
        END IF;
        EXECUTE (SELECT format('ALTER TABLE %s %s', table_id, string_agg(format('ALTER COLUMN %I SET NOT NULL', c), ', '))
                 FROM unnest(key_columns) c);
    ELSIF kind = 'f' THEN
        IF cardinality(foreign_key_columns) = 0 THEN
            SELECT ARRAY(SELECT jsonb_array_elements_text(k -> 'columns')) INTO foreign_key_columns
            FROM jsonb_array_elements(_dao_redshift.attributes_of(foreign_id) -> 'keys') k WHERE k ->> 'kind' = 'p';
        END IF;
        CALL _dao_redshift.check_columns(foreign_id, foreign_key_columns);
    END IF;
    IF key_name IS NULL THEN
        SELECT relname || CASE kind WHEN 'p' THEN '' ELSE '_' || array_to_string(key_columns, '_') END
            || CASE kind WHEN 'p' THEN '_pkey' WHEN 'u' THEN '_key' ELSE '_fkey' END
        INTO key_name FROM pg_catalog.pg_class WHERE oid = table_id;
    END IF;
    IF attributes -> 'keys' @> jsonb_build_array(jsonb_build_object('name', key_name)) THEN
        RAISE EXCEPTION 'constraint "%" for relation "%" already exists', key_name, table_id USING ERRCODE = 'duplicate_object';
    END IF;
    CALL _dao_redshift.record(table_id, jsonb_set(attributes, '{keys}', (attributes -> 'keys') || jsonb_build_array(jsonb_build_object(
        'name', key_name, 'kind', kind, 'columns', key_columns, 'foreign_relid', foreign_id::oid::bigint,
        'foreign_columns', coalesce(foreign_key_columns, '{}')))));
END
$$;

CREATE PROCEDURE _dao_redshift.drop_key(table_id regclass, key_name text)
LANGUAGE plpgsql AS $$
DECLARE
    attributes jsonb := _dao_redshift.recorded(table_id);
    others jsonb := (SELECT coalesce(jsonb_agg(k), '[]') FROM jsonb_array_elements(attributes -> 'keys') k WHERE k ->> 'name' <> key_name);
BEGIN
    IF jsonb_array_length(others) = jsonb_array_length(attributes -> 'keys') THEN
        RAISE EXCEPTION 'constraint "%" of relation "%" does not exist', key_name, table_id USING ERRCODE = 'undefined_object';
    END IF;
    CALL _dao_redshift.record(table_id, jsonb_set(attributes, '{keys}', others));
END
$$;

-- Called after CREATE TABLE. A table that IF NOT EXISTS found is recorded already and stays as it is.
CREATE PROCEDURE _dao_redshift.define(table_id regclass, attributes jsonb)
LANGUAGE plpgsql AS $$
DECLARE
    item record;
    sort_columns text[] := ARRAY(SELECT jsonb_array_elements_text(attributes -> 'sortkeys'));
BEGIN
    IF _dao_redshift.attributes_of(table_id) IS NOT NULL THEN
        RETURN;
    END IF;
    CALL _dao_redshift.check_columns(table_id, sort_columns || (attributes ->> 'distkey'));
    IF EXISTS (SELECT FROM pg_catalog.pg_attribute WHERE attrelid = table_id AND atttypid = 'jsonb'::regtype
               AND attname = ANY (sort_columns || (attributes ->> 'distkey'))) THEN
        RAISE EXCEPTION 'a column of type super cannot be a distribution key or a sort key' USING ERRCODE = 'feature_not_supported';
    END IF;
    EXECUTE format('ALTER TABLE %s DROP CONSTRAINT IF EXISTS _dao_attributes, ADD CONSTRAINT _dao_attributes CHECK (true)', table_id);
    CALL _dao_redshift.record(table_id, jsonb_set(attributes, '{keys}', '[]'));
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

-- Called for ALTER TABLE: the attributes given replace those recorded; encodings and lengths join them.
CREATE PROCEDURE _dao_redshift.redefine(table_id regclass, attributes jsonb)
LANGUAGE plpgsql AS $$
DECLARE
    old jsonb := _dao_redshift.recorded(table_id);
    sort_columns text[] := ARRAY(SELECT jsonb_array_elements_text(attributes -> 'sortkeys'));
    encoded_columns text[] := ARRAY(SELECT jsonb_object_keys(attributes -> 'encodings'));
BEGIN
    CALL _dao_redshift.check_columns(table_id, sort_columns || (attributes ->> 'distkey') || encoded_columns);
    CALL _dao_redshift.record(table_id, old || attributes || jsonb_build_object(
        'encodings', (old -> 'encodings') || coalesce(attributes -> 'encodings', '{}'),
        'lengths', (old -> 'lengths') || coalesce(attributes -> 'lengths', '{}')));
END
$$;

CREATE PROCEDURE _dao_redshift.column_added(table_id regclass, column_name text, attributes jsonb)
LANGUAGE plpgsql AS $$
BEGIN
    CALL _dao_redshift.redefine(table_id, attributes);
    CALL _dao_redshift.limit_bytes(table_id, column_name, (attributes -> 'lengths' ->> column_name)::integer);
END
$$;

CREATE FUNCTION _dao_redshift.renamed(names jsonb, old_name text, new_name text) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
    SELECT coalesce(jsonb_agg(CASE name WHEN old_name THEN new_name ELSE name END ORDER BY place), '[]')
    FROM jsonb_array_elements_text(names) WITH ORDINALITY n (name, place)
$$;

CREATE FUNCTION _dao_redshift.renamed_key(named jsonb, old_name text, new_name text) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN named ? old_name THEN (named - old_name) || jsonb_build_object(new_name, named -> old_name) ELSE named END
$$;

CREATE PROCEDURE _dao_redshift.column_renamed(table_id regclass, old_name text, new_name text)
LANGUAGE plpgsql AS $$
DECLARE
    old jsonb := _dao_redshift.recorded(table_id);
    bytes integer := (old -> 'lengths' ->> old_name)::integer;
    new_keys jsonb := (
        SELECT coalesce(jsonb_agg(k || jsonb_build_object('columns', _dao_redshift.renamed(k -> 'columns', old_name, new_name))), '[]')
        FROM jsonb_array_elements(old -> 'keys') k);
BEGIN
    EXECUTE format('ALTER TABLE %s DROP CONSTRAINT IF EXISTS %I', table_id, _dao_redshift.limit_name(old_name));
    CALL _dao_redshift.record(table_id, old || jsonb_build_object(
        'distkey', CASE old ->> 'distkey' WHEN old_name THEN new_name ELSE old ->> 'distkey' END,
        'sortkeys', _dao_redshift.renamed(old -> 'sortkeys', old_name, new_name),
        'encodings', _dao_redshift.renamed_key(old -> 'encodings', old_name, new_name),
        'lengths', _dao_redshift.renamed_key(old -> 'lengths', old_name, new_name),
        'keys', new_keys));
    CALL _dao_redshift.limit_bytes(table_id, new_name, bytes);
END
$$;

CREATE PROCEDURE _dao_redshift.check_drop(table_id regclass, column_name text)
LANGUAGE plpgsql AS $$
DECLARE
    old jsonb := _dao_redshift.recorded(table_id);
    others jsonb := (SELECT coalesce(jsonb_agg(k), '[]') FROM jsonb_array_elements(old -> 'keys') k WHERE NOT k -> 'columns' ? column_name);
BEGIN
    IF old ->> 'distkey' = column_name THEN
        RAISE EXCEPTION 'cannot drop distkey column "%"', column_name USING ERRCODE = 'feature_not_supported';
    ELSIF old -> 'sortkeys' ? column_name THEN
        RAISE EXCEPTION 'cannot drop sortkey column "%"', column_name USING ERRCODE = 'feature_not_supported';
    END IF;
    CALL _dao_redshift.record(table_id, jsonb_set(old, '{keys}', others));
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
    ELSIF _dao_redshift.attributes_of(table_id) @@ format('$.keys[*].columns[*] == %s', to_json(column_name))::jsonpath THEN
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
