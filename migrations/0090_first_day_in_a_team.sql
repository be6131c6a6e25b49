-- A membership has a first day of its own: whoever joins a second team later owes it nothing from before. A row
-- that says nothing means: since the person is there at all, as it was until now.
alter table team_members add column joined_on date not null default '2000-01-01';

update team_members m set joined_on = p.joined_on from people p where p.id = m.person_id;
