-- Counting cases by state (for the metrics) reads this index alone, never the bodies.

CREATE INDEX cases_state ON cases (state);
