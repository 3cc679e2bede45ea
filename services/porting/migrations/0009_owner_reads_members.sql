-- migrate:up

-- The owner's functions read members and never write them.
DROP POLICY seen_by_the_owner ON members;
CREATE POLICY seen_by_the_owner ON members FOR SELECT TO porting_owner USING (true);

-- migrate:down
DROP POLICY seen_by_the_owner ON members;
CREATE POLICY seen_by_the_owner ON members TO porting_owner USING (true);
