//! News in the outbox, apart from what goes to KV: the names of both their subjects begin with `gate`.

pub(super) const STATEMENTS: &[&str] = &["CREATE INDEX outbox_news ON outbox (next_at)
        WHERE subject >= 'gate' AND subject < 'gatf'"];
