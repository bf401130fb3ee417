\echo '== arx_perf.statements_info: what was counted, and what was not =='
\x on
SELECT * FROM arx_perf.statements_info;
\x off
