-- Comparisons of texts, which ignore blanks at their ends; as of the Database Developer Guide, "Significance of trailing blanks"
-- (r_Character_types). They are those of PostgreSQL's CHAR, for all texts: sessions have this schema on their search_path before
-- pg_catalog. DISTINCT, GROUP BY and ORDER BY, which ask for no operator by name, have PostgreSQL's own.

CREATE SCHEMA _dao_redshift_texts;

GRANT USAGE ON SCHEMA _dao_redshift_texts TO PUBLIC;

CREATE FUNCTION _dao_redshift_texts.texts_eq(text, text) RETURNS boolean LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE AS 'bpchareq';

CREATE FUNCTION _dao_redshift_texts.texts_ne(text, text) RETURNS boolean LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE AS 'bpcharne';

CREATE FUNCTION _dao_redshift_texts.texts_lt(text, text) RETURNS boolean LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE AS 'bpcharlt';

CREATE FUNCTION _dao_redshift_texts.texts_le(text, text) RETURNS boolean LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE AS 'bpcharle';

CREATE FUNCTION _dao_redshift_texts.texts_gt(text, text) RETURNS boolean LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE AS 'bpchargt';

CREATE FUNCTION _dao_redshift_texts.texts_ge(text, text) RETURNS boolean LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE AS 'bpcharge';

CREATE FUNCTION _dao_redshift_texts.texts_cmp(text, text) RETURNS integer LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE AS 'bpcharcmp';

CREATE FUNCTION _dao_redshift_texts.texts_hash(text) RETURNS integer LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE AS 'hashbpchar';

CREATE OPERATOR _dao_redshift_texts.= (
    LEFTARG = text, RIGHTARG = text, FUNCTION = _dao_redshift_texts.texts_eq, COMMUTATOR = OPERATOR(_dao_redshift_texts.=),
    NEGATOR = OPERATOR(_dao_redshift_texts.<>), RESTRICT = eqsel, JOIN = eqjoinsel, HASHES, MERGES);

CREATE OPERATOR _dao_redshift_texts.<> (
    LEFTARG = text, RIGHTARG = text, FUNCTION = _dao_redshift_texts.texts_ne, COMMUTATOR = OPERATOR(_dao_redshift_texts.<>),
    NEGATOR = OPERATOR(_dao_redshift_texts.=), RESTRICT = neqsel, JOIN = neqjoinsel);

CREATE OPERATOR _dao_redshift_texts.< (
    LEFTARG = text, RIGHTARG = text, FUNCTION = _dao_redshift_texts.texts_lt, COMMUTATOR = OPERATOR(_dao_redshift_texts.>),
    NEGATOR = OPERATOR(_dao_redshift_texts.>=), RESTRICT = scalarltsel, JOIN = scalarltjoinsel);

CREATE OPERATOR _dao_redshift_texts.<= (
    LEFTARG = text, RIGHTARG = text, FUNCTION = _dao_redshift_texts.texts_le, COMMUTATOR = OPERATOR(_dao_redshift_texts.>=),
    NEGATOR = OPERATOR(_dao_redshift_texts.>), RESTRICT = scalarlesel, JOIN = scalarlejoinsel);

CREATE OPERATOR _dao_redshift_texts.> (
    LEFTARG = text, RIGHTARG = text, FUNCTION = _dao_redshift_texts.texts_gt, COMMUTATOR = OPERATOR(_dao_redshift_texts.<),
    NEGATOR = OPERATOR(_dao_redshift_texts.<=), RESTRICT = scalargtsel, JOIN = scalargtjoinsel);

CREATE OPERATOR _dao_redshift_texts.>= (
    LEFTARG = text, RIGHTARG = text, FUNCTION = _dao_redshift_texts.texts_ge, COMMUTATOR = OPERATOR(_dao_redshift_texts.<=),
    NEGATOR = OPERATOR(_dao_redshift_texts.<), RESTRICT = scalargesel, JOIN = scalargejoinsel);

-- With these classes joins may hash and merge.
CREATE OPERATOR CLASS _dao_redshift_texts.texts_by_order FOR TYPE text USING btree AS
    OPERATOR 1 _dao_redshift_texts.<, OPERATOR 2 _dao_redshift_texts.<=, OPERATOR 3 _dao_redshift_texts.=,
    OPERATOR 4 _dao_redshift_texts.>=, OPERATOR 5 _dao_redshift_texts.>, FUNCTION 1 _dao_redshift_texts.texts_cmp(text, text);

CREATE OPERATOR CLASS _dao_redshift_texts.texts_by_hash FOR TYPE text USING hash AS
    OPERATOR 1 _dao_redshift_texts.=, FUNCTION 1 _dao_redshift_texts.texts_hash(text);
