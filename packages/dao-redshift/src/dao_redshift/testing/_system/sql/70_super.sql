-- SUPER, which is jsonb here, and texts that hold JSON; as of the Database Developer Guide, "JSON functions" (json-functions) and
-- "SUPER type functions" (c_Type_Info_Functions).

-- An object has no attribute twice ("Parsing options for SUPER"); PostgreSQL tells so itself from its version 16 on.
CREATE FUNCTION _dao_redshift.has_attribute_twice(value json) RETURNS boolean LANGUAGE plpgsql IMMUTABLE STRICT AS $$
BEGIN
    RETURN CASE json_typeof(value)
        WHEN 'object' THEN (
            SELECT coalesce(count(*) <> count(DISTINCT key) OR bool_or(_dao_redshift.has_attribute_twice(item)), false)
            FROM json_each(value) e (key, item))
        WHEN 'array' THEN (
            SELECT coalesce(bool_or(_dao_redshift.has_attribute_twice(item)), false) FROM json_array_elements(value) e (item))
        ELSE false
    END;
END
$$;

DO $$
BEGIN
    EXECUTE format('CREATE FUNCTION _dao_redshift.json_parse(value text) RETURNS jsonb LANGUAGE plpgsql IMMUTABLE AS %L', format(
        'DECLARE parsed jsonb := value; BEGIN IF %s THEN '
        'RAISE EXCEPTION ''a JSON object has the same attribute twice'' USING ERRCODE = ''invalid_text_representation''; '
        'END IF; RETURN parsed; END',
        CASE WHEN current_setting('server_version_num')::integer < 160000
        THEN '_dao_redshift.has_attribute_twice(value::json)' ELSE 'NOT value IS JSON WITH UNIQUE KEYS' END));
END
$$;

-- Redshift writes no blanks, and the text null for NULL ("JSON_SERIALIZE function").
CREATE FUNCTION _dao_redshift.json_serialize(value jsonb) RETURNS text LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN CASE coalesce(jsonb_typeof(value), 'null')
        WHEN 'null' THEN 'null'
        WHEN 'object' THEN format('{%s}', (
            SELECT string_agg(format('%s:%s', to_json(key), _dao_redshift.json_serialize(item)), ',') FROM jsonb_each(value) e (key, item)))
        WHEN 'array' THEN format('[%s]', (
            SELECT string_agg(_dao_redshift.json_serialize(item), ',' ORDER BY place)
            FROM jsonb_array_elements(value) WITH ORDINALITY e (item, place)))
        ELSE format('%s', value)
    END;
END
$$;

-- A scalar as text; arrays and objects are none and give null, as with cast_super_null_on_error.
CREATE FUNCTION _dao_redshift.super_text(value jsonb) RETURNS text LANGUAGE sql IMMUTABLE STRICT AS $$
    SELECT CASE WHEN jsonb_typeof(value) NOT IN ('object', 'array') THEN value #>> '{}' END
$$;

CREATE FUNCTION _dao_redshift.super_varchar(value jsonb) RETURNS varchar LANGUAGE sql IMMUTABLE STRICT AS $$
    SELECT _dao_redshift.super_text(value)
$$;

CREATE CAST (jsonb AS text) WITH FUNCTION _dao_redshift.super_text(jsonb) AS ASSIGNMENT;

CREATE CAST (jsonb AS varchar) WITH FUNCTION _dao_redshift.super_varchar(jsonb) AS ASSIGNMENT;

CREATE FUNCTION _dao_redshift.bytes_text(value bytea) RETURNS text LANGUAGE sql IMMUTABLE STRICT AS $$
    SELECT convert_from(value, 'UTF8')
$$;

CREATE FUNCTION _dao_redshift.bytes_varchar(value bytea) RETURNS varchar LANGUAGE sql IMMUTABLE STRICT AS $$
    SELECT convert_from(value, 'UTF8')
$$;

CREATE CAST (bytea AS varchar) WITH FUNCTION _dao_redshift.bytes_varchar(bytea) AS ASSIGNMENT;

CREATE FUNCTION _dao_redshift.text_bytes(value text) RETURNS bytea LANGUAGE sql IMMUTABLE STRICT AS $$
    SELECT convert_to(value, 'UTF8')
$$;

CREATE FUNCTION _dao_redshift.char_bytes(value bpchar) RETURNS bytea LANGUAGE sql IMMUTABLE STRICT AS $$
    SELECT bpcharsend(value)
$$;

CREATE CAST (bytea AS text) WITH FUNCTION _dao_redshift.bytes_text(bytea) AS ASSIGNMENT;

CREATE CAST (text AS bytea) WITH FUNCTION _dao_redshift.text_bytes(text) AS ASSIGNMENT;

CREATE CAST (bpchar AS bytea) WITH FUNCTION _dao_redshift.char_bytes(bpchar) AS ASSIGNMENT;

CREATE FUNCTION _dao_redshift.can_json_parse(value text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE STRICT AS $$
BEGIN
    PERFORM value::json;
    RETURN true;
EXCEPTION WHEN invalid_text_representation THEN
    RETURN false;
END
$$;

CREATE FUNCTION _dao_redshift.is_valid_json(value text) RETURNS boolean LANGUAGE sql IMMUTABLE STRICT AS $$
    SELECT _dao_redshift.can_json_parse(value)
$$;

CREATE FUNCTION _dao_redshift.is_valid_json_array(value text) RETURNS boolean LANGUAGE sql IMMUTABLE STRICT AS $$
    SELECT CASE WHEN _dao_redshift.can_json_parse(value) THEN json_typeof(value::json) = 'array' ELSE false END
$$;

CREATE FUNCTION _dao_redshift.json_array_length(value text, null_if_invalid boolean DEFAULT false) RETURNS integer
LANGUAGE sql IMMUTABLE STRICT AS $$
    SELECT CASE WHEN NOT null_if_invalid OR _dao_redshift.is_valid_json_array(value) THEN pg_catalog.json_array_length(value::json) END
$$;

CREATE FUNCTION _dao_redshift.json_extract_array_element_text(value text, place integer, null_if_invalid boolean DEFAULT false)
RETURNS text LANGUAGE sql IMMUTABLE STRICT AS $$
    SELECT CASE WHEN place >= 0 AND (NOT null_if_invalid OR _dao_redshift.is_valid_json_array(value)) THEN value::json ->> place END
$$;

DO $$
DECLARE
    names text[] := '{}';
    parameters text[] := '{}';
BEGIN
    FOR n IN 1..5 LOOP
        names := names || format('step%s', n);
        parameters := parameters || format('step%s text', n);
        EXECUTE format('CREATE FUNCTION _dao_redshift.json_extract_path_text(value text, %s, null_if_invalid boolean DEFAULT false) '
                       'RETURNS text LANGUAGE sql IMMUTABLE STRICT AS %L', array_to_string(parameters, ', '),
                       format('SELECT CASE WHEN NOT null_if_invalid OR _dao_redshift.can_json_parse(value) '
                              'THEN pg_catalog.json_extract_path_text(value::json, %s) END', array_to_string(names, ', ')));
    END LOOP;
END
$$;

CREATE FUNCTION _dao_redshift.json_typeof(value jsonb) RETURNS text LANGUAGE sql IMMUTABLE STRICT AS $$ SELECT jsonb_typeof(value) $$;

CREATE FUNCTION _dao_redshift.is_array(value jsonb) RETURNS boolean LANGUAGE sql IMMUTABLE STRICT AS $$
    SELECT jsonb_typeof(value) = 'array'
$$;

CREATE FUNCTION _dao_redshift.is_object(value jsonb) RETURNS boolean LANGUAGE sql IMMUTABLE STRICT AS $$
    SELECT jsonb_typeof(value) = 'object'
$$;

CREATE FUNCTION _dao_redshift.is_scalar(value jsonb) RETURNS boolean LANGUAGE sql IMMUTABLE STRICT AS $$
    SELECT jsonb_typeof(value) NOT IN ('array', 'object', 'null')
$$;

CREATE FUNCTION _dao_redshift.is_boolean(value jsonb) RETURNS boolean LANGUAGE sql IMMUTABLE STRICT AS $$
    SELECT jsonb_typeof(value) = 'boolean'
$$;

CREATE FUNCTION _dao_redshift.is_varchar(value jsonb) RETURNS boolean LANGUAGE sql IMMUTABLE STRICT AS $$
    SELECT jsonb_typeof(value) = 'string'
$$;

CREATE FUNCTION _dao_redshift.get_array_length(value jsonb) RETURNS bigint LANGUAGE sql IMMUTABLE STRICT AS $$
    SELECT CASE jsonb_typeof(value) WHEN 'array' THEN jsonb_array_length(value) END
$$;

CREATE FUNCTION _dao_redshift.array_concat(a jsonb, b jsonb) RETURNS jsonb LANGUAGE sql IMMUTABLE STRICT AS $$
    SELECT CASE WHEN jsonb_typeof(a) = 'array' AND jsonb_typeof(b) = 'array' THEN a || b END
$$;

CREATE FUNCTION _dao_redshift.subarray(value jsonb, start integer, length integer) RETURNS jsonb LANGUAGE sql IMMUTABLE STRICT AS $$
    SELECT coalesce(jsonb_agg(item ORDER BY place), '[]') FROM jsonb_array_elements(value) WITH ORDINALITY e (item, place)
    WHERE place > start AND place <= start + length
$$;

CREATE FUNCTION _dao_redshift.split_to_array(value text, separator text DEFAULT ',') RETURNS jsonb LANGUAGE sql IMMUTABLE STRICT AS $$
    SELECT to_jsonb(string_to_array(value, separator))
$$;

-- What FROM t, t.a AS name unnests.
CREATE FUNCTION _dao_redshift.elements(value jsonb) RETURNS SETOF jsonb LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    IF jsonb_typeof(value) NOT IN ('array', 'null') THEN
        RAISE EXCEPTION 'the local Redshift unnests arrays only' USING ERRCODE = 'feature_not_supported';
    END IF;
    RETURN QUERY SELECT item FROM jsonb_array_elements(nullif(value, 'null')) item;
END
$$;
