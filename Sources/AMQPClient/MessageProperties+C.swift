import CRabbitMQ

extension MessageProperties {
    /// A copy of what librabbitmq decoded; `names` keeps the texts that repeat from message to message.
    init(_ raw: amqp_basic_properties_t, names: inout NameCache) {
        self.init()
        let flags = Int32(bitPattern: raw._flags)
        guard flags != 0 else { return }
        if flags & AMQP_BASIC_CONTENT_TYPE_FLAG != 0 {
            contentType = names.contentType.string(raw.content_type)
        }
        if flags & AMQP_BASIC_CONTENT_ENCODING_FLAG != 0 {
            contentEncoding = String(borrowed: raw.content_encoding)
        }
        if flags & AMQP_BASIC_HEADERS_FLAG != 0 { headers = FieldDecoding.table(raw.headers) }
        if flags & AMQP_BASIC_DELIVERY_MODE_FLAG != 0 { deliveryMode = raw.delivery_mode }
        if flags & AMQP_BASIC_PRIORITY_FLAG != 0 { priority = raw.priority }
        if flags & AMQP_BASIC_CORRELATION_ID_FLAG != 0 {
            correlationID = String(borrowed: raw.correlation_id)
        }
        if flags & AMQP_BASIC_REPLY_TO_FLAG != 0 { replyTo = names.replyTo.string(raw.reply_to) }
        if flags & AMQP_BASIC_EXPIRATION_FLAG != 0 { expiration = String(borrowed: raw.expiration) }
        if flags & AMQP_BASIC_MESSAGE_ID_FLAG != 0 { messageID = String(borrowed: raw.message_id) }
        if flags & AMQP_BASIC_TIMESTAMP_FLAG != 0 { timestamp = raw.timestamp }
        if flags & AMQP_BASIC_TYPE_FLAG != 0 { type = names.type.string(raw.type) }
        if flags & AMQP_BASIC_USER_ID_FLAG != 0 { userID = String(borrowed: raw.user_id) }
        if flags & AMQP_BASIC_APP_ID_FLAG != 0 { appID = names.appID.string(raw.app_id) }
    }

    /// The same for one C call; the texts live in the arena.
    func raw(in arena: Arena) -> amqp_basic_properties_t {
        var raw = amqp_basic_properties_t()
        var flags: Int32 = 0
        if let contentType {
            raw.content_type = arena.bytes(contentType)
            flags |= AMQP_BASIC_CONTENT_TYPE_FLAG
        }
        if let contentEncoding {
            raw.content_encoding = arena.bytes(contentEncoding)
            flags |= AMQP_BASIC_CONTENT_ENCODING_FLAG
        }
        if !headers.isEmpty {
            raw.headers = FieldEncoding.table(headers, in: arena)
            flags |= AMQP_BASIC_HEADERS_FLAG
        }
        if let deliveryMode {
            raw.delivery_mode = deliveryMode
            flags |= AMQP_BASIC_DELIVERY_MODE_FLAG
        }
        if let priority {
            raw.priority = priority
            flags |= AMQP_BASIC_PRIORITY_FLAG
        }
        if let correlationID {
            raw.correlation_id = arena.bytes(correlationID)
            flags |= AMQP_BASIC_CORRELATION_ID_FLAG
        }
        if let replyTo {
            raw.reply_to = arena.bytes(replyTo)
            flags |= AMQP_BASIC_REPLY_TO_FLAG
        }
        if let expiration {
            raw.expiration = arena.bytes(expiration)
            flags |= AMQP_BASIC_EXPIRATION_FLAG
        }
        if let messageID {
            raw.message_id = arena.bytes(messageID)
            flags |= AMQP_BASIC_MESSAGE_ID_FLAG
        }
        if let timestamp {
            raw.timestamp = timestamp
            flags |= AMQP_BASIC_TIMESTAMP_FLAG
        }
        if let type {
            raw.type = arena.bytes(type)
            flags |= AMQP_BASIC_TYPE_FLAG
        }
        if let userID {
            raw.user_id = arena.bytes(userID)
            flags |= AMQP_BASIC_USER_ID_FLAG
        }
        if let appID {
            raw.app_id = arena.bytes(appID)
            flags |= AMQP_BASIC_APP_ID_FLAG
        }
        raw._flags = amqp_flags_t(bitPattern: flags)
        return raw
    }
}

/// The texts that are the same in message after message, so that a delivery need not allocate them anew.
struct NameCache {
    /// The last text seen in one place.
    struct Slot {
        private var last = ""

        mutating func string(_ bytes: amqp_bytes_t) -> String {
            let buffer = UnsafeRawBufferPointer(borrowed: bytes)
            let same = last.utf8.withContiguousStorageIfAvailable { known in
                known.count == buffer.count && known.elementsEqual(buffer)
            }
            if same != true { last = String(decoding: buffer, as: UTF8.self) }
            return last
        }
    }

    var exchange = Slot()
    var routingKey = Slot()
    var consumerTag = Slot()
    var contentType = Slot()
    var type = Slot()
    var replyTo = Slot()
    var appID = Slot()
}
