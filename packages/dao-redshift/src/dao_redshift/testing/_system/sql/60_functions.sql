-- Functions of dates, numbers and texts that PostgreSQL hasn't, or that mean something else there; as of the Database Developer
-- Guide, "SQL functions reference" (c_SQL_functions). The translator calls them by these names.

CREATE FUNCTION _dao_redshift.version() RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT 'PostgreSQL 8.0.2 on i686-pc-linux-gnu, compiled by GCC gcc (GCC) 3.4.2 20041017 (Red Hat 3.4.2-6.fc3), Redshift 1.0.117891'::text
$$;

CREATE FUNCTION _dao_redshift.session_number(name text) RETURNS integer LANGUAGE sql STABLE AS $$
    SELECT coalesce(nullif(current_setting('dao_redshift.' || name, true), ''), '-1')::integer
$$;

CREATE FUNCTION _dao_redshift.pg_last_query_id() RETURNS integer LANGUAGE sql STABLE AS $$
    SELECT _dao_redshift.session_number('last_query_id')
$$;

CREATE FUNCTION _dao_redshift.pg_last_copy_id() RETURNS integer LANGUAGE sql STABLE AS $$
    SELECT _dao_redshift.session_number('last_copy_id')
$$;

CREATE FUNCTION _dao_redshift.pg_last_copy_count() RETURNS integer LANGUAGE sql STABLE AS $$
    SELECT greatest(_dao_redshift.session_number('last_copy_count'), 0)
$$;

CREATE FUNCTION _dao_redshift.pg_last_unload_id() RETURNS integer LANGUAGE sql STABLE AS $$
    SELECT _dao_redshift.session_number('last_unload_id')
$$;

CREATE FUNCTION _dao_redshift.pg_last_unload_count() RETURNS integer LANGUAGE sql STABLE AS $$
    SELECT greatest(_dao_redshift.session_number('last_unload_count'), 0)
$$;

CREATE FUNCTION _dao_redshift.pg_get_late_binding_view_cols() RETURNS SETOF record LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN;
END
$$;

CREATE FUNCTION _dao_redshift.sysdate() RETURNS timestamp LANGUAGE sql STABLE AS $$
    SELECT localtimestamp
$$;

CREATE FUNCTION _dao_redshift.getdate() RETURNS timestamp LANGUAGE sql STABLE AS $$
    SELECT date_trunc('second', statement_timestamp()::timestamp)
$$;

CREATE FUNCTION _dao_redshift.date_part_name(part text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    RETURN CASE
        WHEN lower(part) IN ('year', 'years', 'y', 'yr', 'yrs') THEN 'year'
        WHEN lower(part) IN ('quarter', 'quarters', 'qtr', 'qtrs') THEN 'quarter'
        WHEN lower(part) IN ('month', 'months', 'mon', 'mons') THEN 'month'
        WHEN lower(part) IN ('week', 'weeks', 'w') THEN 'week'
        WHEN lower(part) IN ('day', 'days', 'd') THEN 'day'
        WHEN lower(part) IN ('hour', 'hours', 'h', 'hr', 'hrs') THEN 'hour'
        WHEN lower(part) IN ('minute', 'minutes', 'm', 'min', 'mins') THEN 'minute'
        WHEN lower(part) IN ('second', 'seconds', 's', 'sec', 'secs') THEN 'second'
        WHEN lower(part) IN ('millisecond', 'milliseconds', 'ms', 'msec', 'msecs', 'msecond', 'mseconds', 'millisec', 'millisecs', 'millisecon')
            THEN 'millisecond'
        WHEN lower(part) IN ('microsecond', 'microseconds', 'us', 'usec', 'usecs', 'usecond', 'useconds', 'microsec', 'microsecs', 'microsecon')
            THEN 'microsecond'
        WHEN lower(part) IN ('decade', 'decades', 'dec', 'decs') THEN 'decade'
        WHEN lower(part) IN ('century', 'centuries', 'c', 'cent', 'cents') THEN 'century'
        WHEN lower(part) IN ('millennium', 'millennia', 'mil', 'mils') THEN 'millennium'
    END;
END
$$;

CREATE FUNCTION _dao_redshift.part_interval(part text, count bigint) RETURNS interval LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
    name text := _dao_redshift.date_part_name(part);
BEGIN
    IF name IS NULL THEN
        RAISE EXCEPTION 'invalid date part "%"', part USING ERRCODE = 'invalid_parameter_value';
    END IF;
    RETURN CASE name WHEN 'quarter' THEN count * 3 * interval '1 month' ELSE count * ('1 ' || name)::interval END;
END
$$;

CREATE FUNCTION _dao_redshift.dateadd(part text, count bigint, moment timestamp) RETURNS timestamp LANGUAGE sql IMMUTABLE AS $$
    SELECT moment + _dao_redshift.part_interval(part, count)
$$;

CREATE FUNCTION _dao_redshift.dateadd(part text, count bigint, moment date) RETURNS timestamp LANGUAGE sql IMMUTABLE AS $$
    SELECT moment::timestamp + _dao_redshift.part_interval(part, count)
$$;

CREATE FUNCTION _dao_redshift.dateadd(part text, count bigint, moment timestamptz) RETURNS timestamptz LANGUAGE sql STABLE AS $$
    SELECT moment + _dao_redshift.part_interval(part, count)
$$;

-- How many boundaries lie between two moments. Which day a week begins with the Guide doesn't say: where it matters, it is refused.
CREATE FUNCTION _dao_redshift.datediff(part text, since timestamp, until timestamp) RETURNS bigint LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
    name text := _dao_redshift.date_part_name(part);
    months integer := (extract(year FROM until) - extract(year FROM since)) * 12 + extract(month FROM until) - extract(month FROM since);
    monday integer := (date_trunc('week', until)::date - date_trunc('week', since)::date) / 7;
    sunday integer := (date_trunc('week', until + interval '1 day')::date - date_trunc('week', since + interval '1 day')::date) / 7;
    size numeric;
BEGIN
    CASE name
        WHEN 'millennium' THEN RETURN extract(millennium FROM until) - extract(millennium FROM since);
        WHEN 'century' THEN RETURN extract(century FROM until) - extract(century FROM since);
        WHEN 'decade' THEN RETURN extract(decade FROM until) - extract(decade FROM since);
        WHEN 'year' THEN RETURN extract(year FROM until) - extract(year FROM since);
        WHEN 'quarter' THEN
            RETURN (extract(year FROM until) - extract(year FROM since)) * 4 + extract(quarter FROM until) - extract(quarter FROM since);
        WHEN 'month' THEN RETURN months;
        WHEN 'week' THEN
            IF monday <> sunday THEN
                RAISE EXCEPTION 'the local Redshift can''t tell DATEDIFF in weeks from % to %', since, until USING ERRCODE = 'feature_not_supported';
            END IF;
            RETURN monday;
        WHEN 'day' THEN RETURN until::date - since::date;
        WHEN 'hour' THEN size := 3600;
        WHEN 'minute' THEN size := 60;
        WHEN 'second' THEN size := 1;
        WHEN 'millisecond' THEN size := 0.001;
        WHEN 'microsecond' THEN size := 0.000001;
        ELSE
            IF part IS NOT NULL THEN
                RAISE EXCEPTION 'invalid date part "%"', part USING ERRCODE = 'invalid_parameter_value';
            END IF;
            RETURN NULL;
    END CASE;
    RETURN floor(extract(epoch FROM until) / size) - floor(extract(epoch FROM since) / size);
END
$$;

CREATE FUNCTION _dao_redshift.datediff(part text, since timestamptz, until timestamptz) RETURNS bigint LANGUAGE sql IMMUTABLE AS $$
    SELECT _dao_redshift.datediff(part, since AT TIME ZONE 'UTC', until AT TIME ZONE 'UTC')
$$;

CREATE FUNCTION _dao_redshift.datediff(part text, since date, until date) RETURNS bigint LANGUAGE sql IMMUTABLE AS $$
    SELECT _dao_redshift.datediff(part, since::timestamp, until::timestamp)
$$;

CREATE FUNCTION _dao_redshift.date_trunc(part text, moment timestamp) RETURNS timestamp LANGUAGE sql IMMUTABLE AS $$
    SELECT pg_catalog.date_trunc(part, moment)
$$;

CREATE FUNCTION _dao_redshift.date_trunc(part text, moment date) RETURNS timestamp LANGUAGE sql IMMUTABLE AS $$
    SELECT pg_catalog.date_trunc(part, moment::timestamp)
$$;

CREATE FUNCTION _dao_redshift.date_trunc(part text, moment timestamptz) RETURNS timestamptz LANGUAGE sql STABLE AS $$
    SELECT pg_catalog.date_trunc(part, moment)
$$;

CREATE FUNCTION _dao_redshift.convert_timezone(source text, target text, moment timestamp) RETURNS timestamp LANGUAGE sql IMMUTABLE AS $$
    SELECT (moment AT TIME ZONE source) AT TIME ZONE target
$$;

CREATE FUNCTION _dao_redshift.convert_timezone(target text, moment timestamp) RETURNS timestamp LANGUAGE sql IMMUTABLE AS $$
    SELECT (moment AT TIME ZONE 'UTC') AT TIME ZONE target
$$;

CREATE FUNCTION _dao_redshift.last_day(moment timestamp) RETURNS date LANGUAGE sql IMMUTABLE AS $$
    SELECT (date_trunc('month', moment) + interval '1 month - 1 day')::date
$$;

CREATE FUNCTION _dao_redshift.add_months(moment timestamp, count bigint) RETURNS timestamp LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN moment::date = _dao_redshift.last_day(moment)
        THEN _dao_redshift.last_day(date_trunc('month', moment) + count * interval '1 month') + moment::time
        ELSE moment + count * interval '1 month' END
$$;

CREATE FUNCTION _dao_redshift.months_between(a timestamp, b timestamp) RETURNS double precision LANGUAGE sql IMMUTABLE AS $$
    SELECT (extract(year FROM a) - extract(year FROM b)) * 12 + extract(month FROM a) - extract(month FROM b)
        + CASE WHEN extract(day FROM a) = extract(day FROM b)
                 OR (a::date = _dao_redshift.last_day(a) AND b::date = _dao_redshift.last_day(b)) THEN 0
               ELSE (extract(epoch FROM a - date_trunc('month', a)) - extract(epoch FROM b - date_trunc('month', b))) / 2678400 END
$$;

CREATE FUNCTION _dao_redshift.next_day(moment timestamp, weekday text) RETURNS date LANGUAGE sql IMMUTABLE AS $$
    SELECT d::date FROM generate_series(moment::date + 1, moment::date + 7, interval '1 day') d
    WHERE to_char(d, 'dy') = lower(left(weekday, 3))
$$;

CREATE FUNCTION _dao_redshift.trunc(moment timestamp) RETURNS date LANGUAGE sql IMMUTABLE AS $$ SELECT moment::date $$;

CREATE FUNCTION _dao_redshift.trunc(number numeric) RETURNS numeric LANGUAGE sql IMMUTABLE AS $$ SELECT pg_catalog.trunc(number) $$;

CREATE FUNCTION _dao_redshift.trunc(number double precision) RETURNS double precision LANGUAGE sql IMMUTABLE AS $$
    SELECT pg_catalog.trunc(number)
$$;

CREATE FUNCTION _dao_redshift.trunc(number numeric, digits integer) RETURNS numeric LANGUAGE sql IMMUTABLE AS $$
    SELECT pg_catalog.trunc(number, digits)
$$;

CREATE FUNCTION _dao_redshift.trunc(number double precision, digits integer) RETURNS double precision LANGUAGE sql IMMUTABLE AS $$
    SELECT pg_catalog.trunc(number::numeric, digits)::double precision
$$;

CREATE FUNCTION _dao_redshift.round(number numeric, digits integer DEFAULT 0) RETURNS numeric LANGUAGE sql IMMUTABLE AS $$
    SELECT pg_catalog.round(number, digits)
$$;

CREATE FUNCTION _dao_redshift.round(number double precision, digits integer) RETURNS double precision LANGUAGE sql IMMUTABLE AS $$
    SELECT pg_catalog.round(number::numeric, digits)::double precision
$$;

CREATE FUNCTION _dao_redshift.round(number double precision) RETURNS double precision LANGUAGE sql IMMUTABLE AS $$
    SELECT pg_catalog.round(number)
$$;

CREATE FUNCTION _dao_redshift.charindex(part text, whole text) RETURNS integer LANGUAGE sql IMMUTABLE AS $$
    SELECT pg_catalog.strpos(whole, part)
$$;

CREATE FUNCTION _dao_redshift.strtol(digits text, base integer) RETURNS bigint LANGUAGE plpgsql IMMUTABLE STRICT AS $$
DECLARE
    number numeric := 0;
    body text := lower(ltrim(digits, '+-'));
    digit integer;
BEGIN
    IF base = 16 AND body LIKE '0x%' THEN
        body := substr(body, 3);
    END IF;
    FOR place IN 1..length(body) LOOP
        digit := strpos('0123456789abcdefghijklmnopqrstuvwxyz', substr(body, place, 1)) - 1;
        IF digit NOT BETWEEN 0 AND base - 1 THEN
            RAISE EXCEPTION 'The input % is not valid to be converted to base %', digits, base USING ERRCODE = 'invalid_text_representation';
        END IF;
        number := number * base + digit;
    END LOOP;
    RETURN CASE WHEN digits LIKE '-%' THEN -number ELSE number END;
END
$$;

CREATE FUNCTION _dao_redshift.pattern_flags(parameters text) RETURNS text LANGUAGE plpgsql IMMUTABLE STRICT AS $$
BEGIN
    IF parameters ~ '[^cie]' THEN
        RAISE EXCEPTION 'the local Redshift has no patterns with the parameters "%"', parameters USING ERRCODE = 'feature_not_supported';
    END IF;
    RETURN translate(parameters, 'e', '');
END
$$;

CREATE FUNCTION _dao_redshift.regexp_substr(
    source text, pattern text, start integer DEFAULT 1, occurrence integer DEFAULT 1, parameters text DEFAULT 'c'
) RETURNS text LANGUAGE sql IMMUTABLE STRICT AS $$
    SELECT coalesce(pg_catalog.regexp_substr(source, pattern, start, occurrence, _dao_redshift.pattern_flags(parameters),
                                             CASE WHEN parameters LIKE '%e%' THEN 1 ELSE 0 END), '')
$$;

CREATE FUNCTION _dao_redshift.regexp_count(source text, pattern text, start integer DEFAULT 1, parameters text DEFAULT 'c')
RETURNS integer LANGUAGE sql IMMUTABLE STRICT AS $$
    SELECT pg_catalog.regexp_count(source, pattern, start, _dao_redshift.pattern_flags(parameters))
$$;

CREATE FUNCTION _dao_redshift.regexp_instr(
    source text, pattern text, start integer DEFAULT 1, occurrence integer DEFAULT 1, option integer DEFAULT 0, parameters text DEFAULT 'c'
) RETURNS integer LANGUAGE sql IMMUTABLE STRICT AS $$
    SELECT pg_catalog.regexp_instr(source, pattern, start, occurrence, option, _dao_redshift.pattern_flags(parameters),
                                   CASE WHEN parameters LIKE '%e%' THEN 1 ELSE 0 END)
$$;

-- Replaces every occurrence; groups are $1, $2...
CREATE FUNCTION _dao_redshift.regexp_replace(
    source text, pattern text, replacement text DEFAULT '', start integer DEFAULT 1, parameters text DEFAULT 'c'
) RETURNS text LANGUAGE sql IMMUTABLE STRICT AS $$
    SELECT pg_catalog.regexp_replace(
        source, pattern,
        pg_catalog.regexp_replace(replace(replacement, chr(92), chr(92) || chr(92)), '[$]([0-9])', chr(92) || chr(92) || chr(92) || '1', 'g'),
        start, 0, _dao_redshift.pattern_flags(parameters))
$$;

CREATE FUNCTION _dao_redshift.sha2(message bytea, bits integer) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT encode(CASE bits WHEN 224 THEN sha224(message) WHEN 384 THEN sha384(message) WHEN 512 THEN sha512(message)
                  WHEN 256 THEN sha256(message) WHEN 0 THEN sha256(message) END, 'hex')
$$;

CREATE FUNCTION _dao_redshift.sha2(message text, bits integer) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT _dao_redshift.sha2(convert_to(message, 'UTF8'), bits)
$$;

-- FIPS 180-4, section 6.1: PostgreSQL has no SHA-1 without an extension.
CREATE FUNCTION _dao_redshift.sha1(message bytea) RETURNS text LANGUAGE plpgsql IMMUTABLE STRICT AS $$
DECLARE
    mask constant bigint := 4294967295;
    padded bytea := message || decode('80' || repeat('00', (119 - length(message) % 64) % 64), 'hex') || int8send(length(message)::bigint * 8);
    h bigint[] := ARRAY[1732584193, 4023233417, 2562383102, 271733878, 3285377520];
    w bigint[];
    a bigint; b bigint; c bigint; d bigint; e bigint; f bigint; k bigint; word bigint;
BEGIN
    FOR block IN 0..length(padded) / 64 - 1 LOOP
        w := '{}';
        FOR t IN 0..79 LOOP
            IF t < 16 THEN
                word := (get_byte(padded, block * 64 + t * 4)::bigint << 24) | (get_byte(padded, block * 64 + t * 4 + 1) << 16)
                    | (get_byte(padded, block * 64 + t * 4 + 2) << 8) | get_byte(padded, block * 64 + t * 4 + 3);
            ELSE
                word := w[t - 2] # w[t - 7] # w[t - 13] # w[t - 15];
                word := ((word << 1) | (word >> 31)) & mask;
            END IF;
            w[t + 1] := word;
        END LOOP;
        a := h[1]; b := h[2]; c := h[3]; d := h[4]; e := h[5];
        FOR t IN 0..79 LOOP
            IF t < 20 THEN
                f := (b & c) | ((~b & mask) & d); k := 1518500249;
            ELSIF t < 40 THEN
                f := b # c # d; k := 1859775393;
            ELSIF t < 60 THEN
                f := (b & c) | (b & d) | (c & d); k := 2400959708;
            ELSE
                f := b # c # d; k := 3395469782;
            END IF;
            word := ((((a << 5) | (a >> 27)) & mask) + f + e + k + w[t + 1]) & mask;
            e := d; d := c; c := ((b << 30) | (b >> 2)) & mask; b := a; a := word;
        END LOOP;
        h := ARRAY[(h[1] + a) & mask, (h[2] + b) & mask, (h[3] + c) & mask, (h[4] + d) & mask, (h[5] + e) & mask];
    END LOOP;
    RETURN (SELECT string_agg(lpad(pg_catalog.to_hex(x), 8, '0'), '' ORDER BY n) FROM unnest(h) WITH ORDINALITY u (x, n));
END
$$;

CREATE FUNCTION _dao_redshift.sha1(message text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT _dao_redshift.sha1(convert_to(message, 'UTF8'))
$$;

CREATE FUNCTION _dao_redshift.from_hex(digits text) RETURNS bytea LANGUAGE sql IMMUTABLE AS $$ SELECT decode(digits, 'hex') $$;

CREATE FUNCTION _dao_redshift.to_hex(value bytea) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT encode(value, 'hex') $$;

CREATE FUNCTION _dao_redshift.to_hex(value bigint) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT pg_catalog.to_hex(value) $$;

CREATE FUNCTION _dao_redshift.to_hex(value integer) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT pg_catalog.to_hex(value) $$;

CREATE FUNCTION _dao_redshift.from_varbyte(value bytea, format text) RETURNS text LANGUAGE plpgsql IMMUTABLE STRICT AS $$
BEGIN
    CASE lower(format)
        WHEN 'utf8', 'utf-8' THEN RETURN convert_from(value, 'UTF8');
        WHEN 'hex' THEN RETURN encode(value, 'hex');
        WHEN 'base64' THEN RETURN translate(encode(value, 'base64'), chr(10), '');
        ELSE RAISE EXCEPTION 'the local Redshift has no binary format "%"', format USING ERRCODE = 'feature_not_supported';
    END CASE;
END
$$;

CREATE FUNCTION _dao_redshift.to_varbyte(value text, format text) RETURNS bytea LANGUAGE plpgsql IMMUTABLE STRICT AS $$
BEGIN
    CASE lower(format)
        WHEN 'utf8', 'utf-8' THEN RETURN convert_to(value, 'UTF8');
        WHEN 'hex' THEN RETURN decode(value, 'hex');
        WHEN 'base64' THEN RETURN decode(value, 'base64');
        ELSE RAISE EXCEPTION 'the local Redshift has no binary format "%"', format USING ERRCODE = 'feature_not_supported';
    END CASE;
END
$$;

CREATE FUNCTION _dao_redshift.add_number(numbers numeric[], number bigint) RETURNS numeric[] LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN number IS NULL THEN numbers ELSE array_append(numbers, number::numeric) END
$$;

CREATE FUNCTION _dao_redshift.add_number(numbers numeric[], number integer) RETURNS numeric[] LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN number IS NULL THEN numbers ELSE array_append(numbers, number::numeric) END
$$;

CREATE FUNCTION _dao_redshift.add_number(numbers numeric[], number numeric) RETURNS numeric[] LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN number IS NULL THEN numbers ELSE array_append(numbers, number) END
$$;

CREATE FUNCTION _dao_redshift.middle(numbers numeric[]) RETURNS numeric LANGUAGE sql IMMUTABLE AS $$
    SELECT avg(x) FROM (SELECT x, row_number() OVER (ORDER BY x) AS place, count(*) OVER () AS size FROM unnest(numbers) x) sorted
    WHERE place IN ((size + 1) / 2, (size + 2) / 2)
$$;

CREATE FUNCTION _dao_redshift.add_number(numbers double precision[], number double precision) RETURNS double precision[]
LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN number IS NULL THEN numbers ELSE array_append(numbers, number) END
$$;

CREATE FUNCTION _dao_redshift.middle(numbers double precision[]) RETURNS double precision LANGUAGE sql IMMUTABLE AS $$
    SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY x) FROM unnest(numbers) x
$$;

DO $$
DECLARE
    type text;
BEGIN
    FOREACH type IN ARRAY ARRAY['integer', 'bigint', 'numeric'] LOOP
        EXECUTE format('CREATE AGGREGATE _dao_redshift.median(%s) (SFUNC = _dao_redshift.add_number, STYPE = numeric[], INITCOND = ''{}'', '
                       'FINALFUNC = _dao_redshift.middle)', type);
    END LOOP;
END
$$;

CREATE AGGREGATE _dao_redshift.median(double precision) (
    SFUNC = _dao_redshift.add_number, STYPE = double precision[], INITCOND = '{}', FINALFUNC = _dao_redshift.middle);

CREATE FUNCTION _dao_redshift.add_text(texts text, value anyelement, separator text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
    longer text := CASE WHEN value IS NULL THEN texts ELSE coalesce(texts || coalesce(separator, ''), '') || value::text END;
BEGIN
    IF octet_length(longer) > 65535 THEN
        RAISE EXCEPTION 'Result size exceeds LISTAGG limit' USING ERRCODE = 'program_limit_exceeded';
    END IF;
    RETURN longer;
END
$$;

CREATE FUNCTION _dao_redshift.add_text(texts text, value anyelement) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT _dao_redshift.add_text(texts, value, '')
$$;

CREATE AGGREGATE _dao_redshift.listagg(anyelement, text) (SFUNC = _dao_redshift.add_text, STYPE = text);

CREATE AGGREGATE _dao_redshift.listagg(anyelement) (SFUNC = _dao_redshift.add_text, STYPE = text);

-- The average of integers is an integer; see "AVG function" (r_AVG).
CREATE FUNCTION _dao_redshift.add_to_average(state numeric[], number bigint) RETURNS numeric[] LANGUAGE sql IMMUTABLE STRICT AS $$
    SELECT ARRAY[state[1] + 1, state[2] + number]
$$;

CREATE FUNCTION _dao_redshift.average(state numeric[]) RETURNS bigint LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN state[1] > 0 THEN pg_catalog.trunc(state[2] / state[1])::bigint END
$$;

CREATE FUNCTION _dao_redshift.average(state bigint[]) RETURNS bigint LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN state[1] > 0 THEN state[2] / state[1] END
$$;

CREATE AGGREGATE _dao_redshift.avg(bigint) (
    SFUNC = _dao_redshift.add_to_average, STYPE = numeric[], INITCOND = '{0,0}', FINALFUNC = _dao_redshift.average);

CREATE AGGREGATE _dao_redshift.avg(integer) (
    SFUNC = int4_avg_accum, STYPE = bigint[], INITCOND = '{0,0}', FINALFUNC = _dao_redshift.average);

CREATE AGGREGATE _dao_redshift.avg(smallint) (
    SFUNC = int2_avg_accum, STYPE = bigint[], INITCOND = '{0,0}', FINALFUNC = _dao_redshift.average);

CREATE AGGREGATE _dao_redshift.avg(numeric) (SFUNC = numeric_avg_accum, STYPE = internal, FINALFUNC = numeric_avg);

CREATE AGGREGATE _dao_redshift.avg(real) (SFUNC = float4_accum, STYPE = double precision[], INITCOND = '{0,0,0}', FINALFUNC = float8_avg);

CREATE AGGREGATE _dao_redshift.avg(double precision) (
    SFUNC = float8_accum, STYPE = double precision[], INITCOND = '{0,0,0}', FINALFUNC = float8_avg);
