-- Browsers that a person has signed in from. Wrong passwords typed there are counted apart, so that a stranger's
-- don't lock the person out. The browser's secret is random and kept only as SHA-256; several people may share it.
create table known_browsers (
    id bigint generated always as identity primary key,
    token_hash bytea not null check (length(token_hash) = 32),
    person_id bigint not null references people on delete cascade,
    expires_at timestamptz not null,
    unique (token_hash, person_id)
);
create index known_browsers_person on known_browsers (person_id);
create index known_browsers_expiry on known_browsers (expires_at);

-- The known browser it was typed in; none for strangers. No reference: the browser may be forgotten meanwhile,
-- and rows are gone after minutes.
alter table failed_sign_ins add column browser_id bigint;
create index failed_sign_ins_browser on failed_sign_ins (browser_id) where browser_id is not null;
