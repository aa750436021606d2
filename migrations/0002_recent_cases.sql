-- Many people with one error are found among the newest cases of a channel.
CREATE INDEX cases_recent ON cases (surface, channel, created_at);
