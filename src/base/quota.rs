//! What is left of a limit.

/// How much of each quota is left.
#[derive(Debug, Clone)]
pub struct Quotas(pub Vec<Quota>);

#[derive(Debug, Clone, Copy)]
pub struct Quota {
    pub name: &'static str,
    pub most: usize,
    pub seconds: i64,
    pub left: u32,
}
