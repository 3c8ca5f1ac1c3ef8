/// What only the broker's own tool tells: policies and permissions, which AMQP does not show.
public struct BrokerView: Sendable {
    /// What a policy makes of a queue.
    public struct QueuePolicy: Sendable {
        /// The queue.
        public let queue: String
        /// The policy that matches it, if one does.
        public let policy: String?
        /// The operator's policy that matches it, if one does.
        public let operatorPolicy: String?
        /// The names of what the policy sets.
        public let settings: Set<String>
        /// The names of what the operator's policy sets.
        public let operatorSettings: Set<String>

        /// A queue's policies.
        public init(
            queue: String, policy: String?, operatorPolicy: String?, settings: Set<String>,
            operatorSettings: Set<String>
        ) {
            self.queue = queue
            self.policy = policy
            self.operatorPolicy = operatorPolicy
            self.settings = settings
            self.operatorSettings = operatorSettings
        }
    }

    /// What a user may do in the virtual host: three regular expressions.
    public struct Permission: Sendable, Hashable {
        /// His name.
        public let user: String
        /// What he may create and delete.
        public let configure: String
        /// What he may write.
        public let write: String
        /// What he may read.
        public let read: String

        /// A user's permissions.
        public init(user: String, configure: String, write: String, read: String) {
            self.user = user
            self.configure = configure
            self.write = write
            self.read = read
        }
    }

    /// The queues of the virtual host.
    public let queues: [QueuePolicy]
    /// Who may do what in it.
    public let permissions: [Permission]

    /// What the tool has told.
    public init(queues: [QueuePolicy], permissions: [Permission]) {
        self.queues = queues
        self.permissions = permissions
    }
}
