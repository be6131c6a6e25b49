-- A digest holds what it held at its first attempt: a mail program takes a second mail of the same
-- Message-ID for the first one, so nothing new may travel in it.

-- The key of the job that sends it; null: none yet.
alter table digest_items add column digest text;
create index digest_items_open on digest_items (person_id, id) where digest is null;
create index digest_items_digest on digest_items (digest, id) where digest is not null;
drop index digest_items_person;

-- Where something is still to be done, or is being done.
create view busy_lanes as select lane from jobs where state in ('waiting', 'running');
