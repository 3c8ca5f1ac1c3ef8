/// The SQL of what Weir is compared with; Weir's own lives in its topology.
enum LabQueries {
    static let head = "select head, published from partition where partition = $1"

    static let shop = """
        create table if not exists lab_stock (sku text primary key, available bigint not null check (available >= 0));
        create table if not exists lab_order (
            token text primary key, sku text not null, quantity integer not null, buyer text not null,
            status text not null, decided_at timestamptz not null default now());
        insert into lab_stock values ('hot', 1000000000) on conflict (sku) do update set available = 1000000000;
        """

    /// The whole decision in one statement and one transaction: a unit is taken only if there is one, and the order
    /// is written in the same commit.
    static let conditionalUpdate = """
        with taken as (
            update lab_stock set available = available - $3 where sku = $2 and available >= $3 returning 1
        )
        insert into lab_order (token, sku, quantity, buyer, status)
        select $1, $2, $3, $4, case when exists (select from taken) then 'confirmed' else 'rejected' end
        on conflict (token) do nothing
        returning status
        """
}
