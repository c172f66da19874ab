//! What a guest can make the host spend, at most.

/// Limits of a [`crate::WasiCtx`]. The defaults are generous for programs and harmless for hosts.
#[derive(Clone, Debug)]
pub struct WasiLimits {
    pub(crate) descriptors: u32,
    pub(crate) transfer: usize,
    pub(crate) path: usize,
    pub(crate) buffers: u32,
    pub(crate) subscriptions: u32,
    pub(crate) output: Option<u64>,
    pub(crate) file_size: Option<u64>,
}

impl Default for WasiLimits {
    fn default() -> Self {
        Self::new()
    }
}

impl WasiLimits {
    /// The defaults.
    pub fn new() -> Self {
        Self {
            descriptors: 512,
            transfer: 64 << 20,
            path: 4096,
            buffers: 1024,
            subscriptions: 4096,
            output: None,
            file_size: None,
        }
    }

    /// How many descriptors may be open at once. Each may take one of the host's.
    #[must_use]
    pub fn descriptors(mut self, count: u32) -> Self {
        self.descriptors = count;
        self
    }

    /// How many bytes one call reads or writes; for more, the call is answered with a smaller count.
    #[must_use]
    pub fn transfer(mut self, bytes: usize) -> Self {
        self.transfer = bytes.max(1);
        self
    }

    /// How long a path may be, in bytes.
    #[must_use]
    pub fn path(mut self, bytes: usize) -> Self {
        self.path = bytes;
        self
    }

    /// How many buffers one call may name.
    #[must_use]
    pub fn buffers(mut self, count: u32) -> Self {
        self.buffers = count;
        self
    }

    /// How many subscriptions one `poll_oneoff` may have.
    #[must_use]
    pub fn subscriptions(mut self, count: u32) -> Self {
        self.subscriptions = count;
        self
    }

    /// How many bytes may be written to standard output and standard error together. No limit by default.
    #[must_use]
    pub fn output(mut self, bytes: u64) -> Self {
        self.output = Some(bytes);
        self
    }

    /// How large a file may be made. No limit by default.
    #[must_use]
    pub fn file_size(mut self, bytes: u64) -> Self {
        self.file_size = Some(bytes);
        self
    }
}
