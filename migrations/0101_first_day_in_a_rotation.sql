-- Belonging to a leg has a first day of its own, as a membership in a team has: whoever joins a second rotation of
-- their team later owes it nothing from before. A row that says nothing means: since the rotation is there, as it
-- was until now.
alter table leg_members add column joined_on date not null default '2000-01-01';
