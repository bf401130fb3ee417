-- One statement that runs as long as the load.
\connect - bookkeeper
SELECT close_books(:left * interval '1 s');
