-- 10_histogram.sql
--    Type arx_perf.histogram: latency histogram with relative error of any
--    quantile at most 1/65 (1.54 %); values in milliseconds.
--
-- Everything here works on its arguments alone, so PUBLIC may use it, and it
-- needs no preloaded library.

GRANT USAGE ON SCHEMA arx_perf TO PUBLIC;

CREATE TYPE arx_perf.histogram;

CREATE FUNCTION arx_perf.histogram_in(cstring)
RETURNS arx_perf.histogram
AS 'MODULE_PATHNAME', 'arx_sql_histogram_in'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION arx_perf.histogram_in(cstring) IS
'text to histogram';

CREATE FUNCTION arx_perf.histogram_out(arx_perf.histogram)
RETURNS cstring
AS 'MODULE_PATHNAME', 'arx_sql_histogram_out'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION arx_perf.histogram_out(arx_perf.histogram) IS
'histogram to text';

CREATE FUNCTION arx_perf.histogram_recv(internal)
RETURNS arx_perf.histogram
AS 'MODULE_PATHNAME', 'arx_sql_histogram_recv'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION arx_perf.histogram_recv(internal) IS
'binary form to histogram, checked';

CREATE FUNCTION arx_perf.histogram_send(arx_perf.histogram)
RETURNS bytea
AS 'MODULE_PATHNAME', 'arx_sql_histogram_send'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION arx_perf.histogram_send(arx_perf.histogram) IS
'histogram to binary form';

CREATE TYPE arx_perf.histogram (
    INPUT = arx_perf.histogram_in,
    OUTPUT = arx_perf.histogram_out,
    RECEIVE = arx_perf.histogram_recv,
    SEND = arx_perf.histogram_send,
    INTERNALLENGTH = variable,
    STORAGE = extended
);

COMMENT ON TYPE arx_perf.histogram IS
'histogram of durations in milliseconds: 32 buckets an octave from 1 microsecond to 38 hours, quantiles within 1.54 % of the true value';

CREATE FUNCTION arx_perf.quantile(histogram arx_perf.histogram, q double precision)
RETURNS double precision
AS 'MODULE_PATHNAME', 'arx_sql_histogram_quantile'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION arx_perf.quantile(arx_perf.histogram, double precision) IS
'quantile q (0 to 1) in milliseconds: the value of rank ceil(q * count), as percentile_disc, within 1.54 %; NULL if nothing was counted';

CREATE FUNCTION arx_perf.quantiles(histogram arx_perf.histogram, q double precision[])
RETURNS double precision[]
AS 'MODULE_PATHNAME', 'arx_sql_histogram_quantiles'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION arx_perf.quantiles(arx_perf.histogram, double precision[]) IS
'several quantiles (each 0 to 1, in any order) in milliseconds, in the shape of the array asked with';

CREATE FUNCTION arx_perf.count(histogram arx_perf.histogram)
RETURNS bigint
AS 'MODULE_PATHNAME', 'arx_sql_histogram_count'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION arx_perf.count(arx_perf.histogram) IS
'how many values were counted';

CREATE FUNCTION arx_perf.sum(histogram arx_perf.histogram)
RETURNS double precision
AS 'MODULE_PATHNAME', 'arx_sql_histogram_sum'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION arx_perf.sum(arx_perf.histogram) IS
'sum of the values in milliseconds, as they were before they went into buckets';

CREATE FUNCTION arx_perf.buckets(histogram arx_perf.histogram, OUT lower double precision, OUT upper double precision, OUT count bigint)
RETURNS SETOF record
AS 'MODULE_PATHNAME', 'arx_sql_histogram_buckets'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
ROWS 40;

COMMENT ON FUNCTION arx_perf.buckets(arx_perf.histogram) IS
'the buckets that have a count, in rising order: lower edge (inclusive) and upper edge (exclusive) in milliseconds, and the count';

CREATE FUNCTION arx_perf.histogram_add(a arx_perf.histogram, b arx_perf.histogram)
RETURNS arx_perf.histogram
AS 'MODULE_PATHNAME', 'arx_sql_histogram_add'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION arx_perf.histogram_add(arx_perf.histogram, arx_perf.histogram) IS
'both histograms counted together';

CREATE FUNCTION arx_perf.histogram_subtract(a arx_perf.histogram, b arx_perf.histogram)
RETURNS arx_perf.histogram
AS 'MODULE_PATHNAME', 'arx_sql_histogram_subtract'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION arx_perf.histogram_subtract(arx_perf.histogram, arx_perf.histogram) IS
'what the first counts beyond the second; an error unless the second is contained in the first';

CREATE FUNCTION arx_perf.histogram_eq(a arx_perf.histogram, b arx_perf.histogram)
RETURNS boolean
AS 'MODULE_PATHNAME', 'arx_sql_histogram_eq'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION arx_perf.histogram_eq(arx_perf.histogram, arx_perf.histogram) IS
'same counts and same sum';

CREATE FUNCTION arx_perf.histogram_ne(a arx_perf.histogram, b arx_perf.histogram)
RETURNS boolean
AS 'MODULE_PATHNAME', 'arx_sql_histogram_ne'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION arx_perf.histogram_ne(arx_perf.histogram, arx_perf.histogram) IS
'counts or sum differ';

CREATE OPERATOR arx_perf.+ (
    FUNCTION = arx_perf.histogram_add,
    LEFTARG = arx_perf.histogram,
    RIGHTARG = arx_perf.histogram,
    COMMUTATOR = OPERATOR(arx_perf.+)
);

COMMENT ON OPERATOR arx_perf.+ (arx_perf.histogram, arx_perf.histogram) IS
'both histograms counted together';

CREATE OPERATOR arx_perf.- (
    FUNCTION = arx_perf.histogram_subtract,
    LEFTARG = arx_perf.histogram,
    RIGHTARG = arx_perf.histogram
);

COMMENT ON OPERATOR arx_perf.- (arx_perf.histogram, arx_perf.histogram) IS
'what the left counts beyond the right; an error unless the right is contained in the left';

CREATE OPERATOR arx_perf.= (
    FUNCTION = arx_perf.histogram_eq,
    LEFTARG = arx_perf.histogram,
    RIGHTARG = arx_perf.histogram,
    COMMUTATOR = OPERATOR(arx_perf.=),
    NEGATOR = OPERATOR(arx_perf.<>),
    RESTRICT = eqsel,
    JOIN = eqjoinsel
);

COMMENT ON OPERATOR arx_perf.= (arx_perf.histogram, arx_perf.histogram) IS
'same counts and same sum';

CREATE OPERATOR arx_perf.<> (
    FUNCTION = arx_perf.histogram_ne,
    LEFTARG = arx_perf.histogram,
    RIGHTARG = arx_perf.histogram,
    COMMUTATOR = OPERATOR(arx_perf.<>),
    NEGATOR = OPERATOR(arx_perf.=),
    RESTRICT = neqsel,
    JOIN = neqjoinsel
);

COMMENT ON OPERATOR arx_perf.<> (arx_perf.histogram, arx_perf.histogram) IS
'counts or sum differ';

CREATE FUNCTION arx_perf.histogram_agg_step(internal, double precision)
RETURNS internal
AS 'MODULE_PATHNAME', 'arx_sql_histogram_agg_step'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

COMMENT ON FUNCTION arx_perf.histogram_agg_step(internal, double precision) IS
'step of histogram_agg';

CREATE FUNCTION arx_perf.histogram_merge_step(internal, arx_perf.histogram)
RETURNS internal
AS 'MODULE_PATHNAME', 'arx_sql_histogram_merge_step'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

COMMENT ON FUNCTION arx_perf.histogram_merge_step(internal, arx_perf.histogram) IS
'step of merge';

CREATE FUNCTION arx_perf.histogram_combine(internal, internal)
RETURNS internal
AS 'MODULE_PATHNAME', 'arx_sql_histogram_combine'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

COMMENT ON FUNCTION arx_perf.histogram_combine(internal, internal) IS
'joins two states of histogram_agg or merge';

CREATE FUNCTION arx_perf.histogram_serialize(internal)
RETURNS bytea
AS 'MODULE_PATHNAME', 'arx_sql_histogram_serialize'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION arx_perf.histogram_serialize(internal) IS
'state of histogram_agg or merge to bytes';

CREATE FUNCTION arx_perf.histogram_deserialize(bytea, internal)
RETURNS internal
AS 'MODULE_PATHNAME', 'arx_sql_histogram_deserialize'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION arx_perf.histogram_deserialize(bytea, internal) IS
'bytes to state of histogram_agg or merge';

CREATE FUNCTION arx_perf.histogram_final(internal)
RETURNS arx_perf.histogram
AS 'MODULE_PATHNAME', 'arx_sql_histogram_final'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

COMMENT ON FUNCTION arx_perf.histogram_final(internal) IS
'result of histogram_agg and merge';

CREATE AGGREGATE arx_perf.histogram_agg(double precision) (
    SFUNC = arx_perf.histogram_agg_step,
    STYPE = internal,
    SSPACE = 2048,
    FINALFUNC = arx_perf.histogram_final,
    COMBINEFUNC = arx_perf.histogram_combine,
    SERIALFUNC = arx_perf.histogram_serialize,
    DESERIALFUNC = arx_perf.histogram_deserialize,
    PARALLEL = SAFE
);

COMMENT ON AGGREGATE arx_perf.histogram_agg(double precision) IS
'histogram of values in milliseconds; NULL values are left out, NaN is an error, no value at all gives NULL';

CREATE AGGREGATE arx_perf.merge(arx_perf.histogram) (
    SFUNC = arx_perf.histogram_merge_step,
    STYPE = internal,
    SSPACE = 2048,
    FINALFUNC = arx_perf.histogram_final,
    COMBINEFUNC = arx_perf.histogram_combine,
    SERIALFUNC = arx_perf.histogram_serialize,
    DESERIALFUNC = arx_perf.histogram_deserialize,
    PARALLEL = SAFE
);

COMMENT ON AGGREGATE arx_perf.merge(arx_perf.histogram) IS
'all histograms counted together; NULL if there is none';
