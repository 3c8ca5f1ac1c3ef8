import AMQPClient
import Foundation
import Glibc
import Testing
import WeirCore
import WeirTopology

@testable import WeirIngress
@testable import WeirWire

/// What goes over the broker is what the AsyncAPI file says.
@Suite struct AsyncAPITests {
    @Test func everyEventThatIsPublishedIsAsDescribed() async throws {
        try await IngressRoom.with {
            // The door tells of a conflict itself, and then nobody else hears of it.
            $0.lookUpAtTheDoor = false
        } _: { room in
            let tap = try await Tap.on(room, exchange: BrokerTopology.events, routingKeys: ["#"])
            try await makeEverythingHappen(room)
            var seen: Set<String> = []
            let deadline = ContinuousClock.now + .seconds(60)
            while seen != Self.types, ContinuousClock.now < deadline {
                for delivery in await tap.take() {
                    let type = delivery.properties.type ?? ""
                    seen.insert(type)
                    for fault in faults(of: delivery) { Issue.record("\(type): \(fault)") }
                }
            }
            #expect(seen == Self.types)
        }
    }

    /// Every type in the file is published by ``makeEverythingHappen(_:)``; a new one has to be made to happen.
    private static let types: Set<String> = {
        let known = Documents.asyncAPI["channels"]?["events"]?["messages"]?.names ?? []
        let all = known.flatMap { name -> [String] in
            guard let type = typeSchema(of: name) else { return [] }
            return type["const"]?.string.map { [$0] } ?? type["enum"]?.elements.compactMap(\.string) ?? []
        }
        return Set(all)
    }()

    private static func typeSchema(of message: String) -> JSONValue? {
        let headers = Documents.asyncAPI["components"]?["messages"]?[message]?["headers"]
        return headers?["allOf"]?.elements.lazy.compactMap { $0["properties"]?["cloudEvents_type"] }.first
    }

    private func makeEverythingHappen(_ room: IngressRoom) async throws {
        try await room.define("a.b", 10)
        try await room.define("a.b", 10, holdSeconds: 60)
        try await room.define("a.b", 10, holdSeconds: 60)
        try await room.define("one", 1, holdSeconds: 1)
        _ = try await room.send(
            "POST", "/v1/skus/a.b/adjustments",
            headers: [("Content-Type", "application/json"), ("Idempotency-Key", "k1")],
            body: #"{"delta":5,"reason":"found"}"#)
        _ = try await room.submit("t1", "a.b", 2, wait: 10)
        _ = try await room.submit("t1", "a.b", 3, wait: 10)
        _ = try await room.command("t1", "confirm")
        _ = try await room.command("t1", "confirm", headers: [("Idempotency-Key", "k2")])
        _ = try await room.command("t1", "cancel", headers: [("Idempotency-Key", "k2")])
        _ = try await room.command("t1", "cancel")
        _ = try await room.command("t1", "confirm")
        _ = try await room.command("nobody", "cancel", query: "?sku=a.b")
        _ = try await room.submit("t2", "nothing", wait: 10)
        _ = try await room.submit("t3", "one", wait: 10)
        try await eventually("the hold expires") {
            try await room.get("/v1/intents/t3").text("status") == "expired"
        }
        // The gate may take a moment to see that it is on offer again.
        try await eventually("another one gets it") {
            try await room.submit("t4", "one", wait: 10).status == 200
        }
        _ = try await room.command("t4", "confirm")
        _ = try await room.command("t3", "confirm")
        try await makeLinesAndThresholds(room)
        let policy =
            #""stocked":3,"hold_seconds":60,"max_hold_seconds":600,"low_stock_at":1,"waitlist_limit":9,"#
        let more =
            #""backorder_limit":9,"max_per_buyer":50,"safety_stock":0,"on_sale_from":"2020-01-01T00:00:00Z","#
        try await room.put(
            "all", policy + more + #""available_from":"2030-01-01T00:00:00Z","on_shortage":"backorder""#)
        _ = try await room.submit("l1", "all", 3, wait: 10)
        _ = try await room.submit("l2", "all", 1, wait: 10)
        _ = try await room.post(
            "/v1/intents", #"{"sku":"all","quantity":2,"buyer":"b","on_shortage":"waitlist"}"#, key: "l3")
        _ = try await room.post("/v1/intents/l1/extend", #"{"hold_until":"2020-01-01T00:00:00Z"}"#)
        _ = try await room.command("l1", "cancel")
        _ = try await room.post(
            "/v1/intents", #"{"sku":"all","quantity":1,"buyer":"b","replaces":"l2"}"#, key: "l4")
        try await makeOrders(room)
    }

    private func makeOrders(_ room: IngressRoom) async throws {
        let (a, b) = (room.sku(in: 0, "long"), room.sku(in: 1, "long"))
        let (c, d) = (room.sku(in: 0, "short"), room.sku(in: 1, "short"))
        for sku in [a, b] { try await room.define(sku, 5) }
        for sku in [c, d] { try await room.define(sku, 1, holdSeconds: 1) }
        func becomes(_ order: String, _ status: String) async throws {
            try await eventually("\(order) is \(status)") {
                try await room.get("/v1/orders/\(order)").text("status") == status
            }
        }
        let (held, late) = (room.orderToken(coordinatedBy: 0), room.orderToken(coordinatedBy: 1))
        for order in [held, "sold", "given"] { _ = try await room.order(order, [(a, 1), (b, 1)]) }
        _ = try await room.order("sold", [(a, 2), (b, 1)])
        _ = try await room.change("sold", "confirm")
        _ = try await room.change("sold", "confirm")
        _ = try await room.change("given", "cancel", #"{"lines":[2]}"#)
        _ = try await room.change("given", "cancel")
        _ = try await room.order("short", [(a, 9), (b, 1)])
        // Whoever holds a line without having heard asks; the deadline is moved by hand, because a minute is long. Reading
        // the deadlines again is what brings the worker to it, which an order that expires there makes it do.
        try await room.ordersSettle()
        try room.execute("update order_part set guard_at = now() where order_token = '\(held)'")
        _ = try await room.order(late, [(c, 1), (d, 1)])
        try await becomes(late, "expired")
        try await room.ordersSettle()
        _ = try await room.change(late, "confirm")
        try await becomes(late, "confirmed")
        _ = try await room.change(late, "cancel")
        try await room.ordersSettle()
        _ = try await room.order("gone", [(c, 1), (d, 1)])
        try await becomes("gone", "expired")
        try await room.ordersSettle()
        // The gate may hear of the units that came back a little later than the row shows them.
        try await eventually("the rival has its unit") {
            try await room.submit("rival", d, wait: 10).status == 200
        }
        _ = try await room.command("rival", "confirm")
        _ = try await room.change("gone", "confirm")
        try await eventually("a partition asks") {
            try room.count("select count(*)::int from event where type = 'weir.order.told.v1'") > 0
        }
    }

    private func makeLinesAndThresholds(_ room: IngressRoom) async throws {
        for (sku, policy) in [
            ("few", #"{"stocked":3,"low_stock_at":1,"hold_seconds":60,"max_hold_seconds":600}"#),
            ("line", #"{"stocked":0,"on_shortage":"waitlist"}"#),
            ("later", #"{"stocked":0,"on_shortage":"backorder","backorder_limit":5}"#),
        ] {
            let reply = try await room.send(
                "PUT", "/v1/skus/\(sku)", headers: [("Content-Type", "application/json")], body: policy)
            #expect(reply.status == 201, "\(reply.bodyText)")
        }
        _ = try await room.submit("few1", "few", 2, wait: 10)
        _ = try await room.submit("few2", "few", 1, wait: 10)
        _ = try await room.submit("line1", "line", wait: 10)
        _ = try await room.submit("later1", "later", wait: 10)
        let until = Timestamp(microseconds: Int64(time(nil)) * 1_000_000).adding(seconds: 300).rfc3339
        try await room.publish(
            "weir.intent.extend.v1", id: "x1", sku: "few",
            #"{"token":"few1","sku":"few","hold_until":"\#(until)"}"#)
        try await eventually("it is extended") {
            try room.count("select count(*)::int from event where type = 'weir.intent.extended.v1'") == 1
        }
        _ = try await room.command("few1", "confirm")
        // One of two comes back, which puts the SKU on offer again.
        try await room.publish(
            "weir.intent.cancel.v1", id: "x2", sku: "few", #"{"token":"few1","sku":"few","quantity":1}"#)
    }

    private func faults(of delivery: Delivery) -> [String] {
        let properties = delivery.properties
        guard let type = properties.type else { return ["it has no type"] }
        let messages = Documents.asyncAPI["components"]?["messages"]
        let fitting = (messages?.names ?? []).first { name in
            guard let schema = Self.typeSchema(of: name) else { return false }
            return Schema(document: Documents.asyncAPI, schema: schema).faults(of: .text(type)).isEmpty
        }
        guard let fitting, let message = messages?[fitting] else { return ["the type is not described"] }
        var faults: [String] = []
        func check(_ value: JSONValue, _ schema: JSONValue?) {
            guard let schema else { return faults.append("a schema is missing") }
            faults += Schema(document: Documents.asyncAPI, schema: schema).faults(of: value)
        }
        check(
            properties.headers.described,
            .object(JSONFields([("$ref", .text("#/components/schemas/EventHeaders"))])))
        guard let body = try? JSONFields(delivery.body) else { return ["the body is no JSON"] }
        check(.object(body), message["payload"])
        let headers = properties.headers
        if headers["cloudEvents_type"]?.stringValue != type { faults.append("two types") }
        if headers["cloudEvents_id"]?.stringValue != properties.messageID { faults.append("two ids") }
        if properties.contentType != "application/json" { faults.append("the content type") }
        let subject = headers["cloudEvents_subject"]?.stringValue ?? ""
        // What is about an order has no SKU; its subject is the order.
        let sku = JSONValue.object(body)["sku"]?.string ?? ""
        let about = sku.isEmpty ? JSONValue.object(body)["token"]?.string : sku
        if subject != about { faults.append("the subject \(subject)") }
        if delivery.routingKey != BrokerTopology.eventRoutingKey(type: type, sku: sku) {
            faults.append("the routing key \(delivery.routingKey)")
        }
        return faults
    }

    @Test func everyCommandThatTheServerPublishesIsAsDescribed() async throws {
        try await IngressRoom.with(partitions: 1, workers: false) { room in
            let tap = try await Tap.on(room, exchange: BrokerTopology.intents, routingKeys: ["0"])
            _ = try await room.submit("t1", "tea")
            _ = try await room.command(
                "t1", "confirm", query: "?sku=tea", headers: [("Prefer", "respond-async")])
            _ = try await room.command(
                "t1", "cancel", query: "?sku=tea", headers: [("Prefer", "respond-async")])
            _ = try await room.send(
                "POST", "/v1/intents/t1/extend?sku=tea",
                headers: [("Content-Type", "application/json"), ("Prefer", "respond-async")],
                body: #"{"hold_until":"2030-01-01T00:00:00Z"}"#)
            _ = try await room.send(
                "POST", "/v1/intents/t1/cancel?sku=tea",
                headers: [
                    ("Content-Type", "application/json"), ("Prefer", "respond-async"),
                    ("Idempotency-Key", "k"),
                ], body: #"{"quantity":1}"#)
            for (method, path, body) in [
                ("PUT", "/v1/skus/tea", #"{"stocked":3,"hold_seconds":60,"max_per_intent":2}"#),
                ("POST", "/v1/skus/tea/adjustments", #"{"delta":-1,"reason":"broken"}"#),
            ] {
                _ = try await room.send(
                    method, path,
                    headers: [
                        ("Content-Type", "application/json"), ("Idempotency-Key", "k-\(method)"),
                        ("Prefer", "respond-async"), ("traceparent", Self.trace),
                    ], body: body)
            }
            let lines = (0..<20).map { #"{"token":"b\#($0)","sku":"tea","quantity":1,"buyer":"ann"}"# }
            _ = try await room.send(
                "POST", "/v1/intents/batch",
                headers: [("Content-Type", "application/x-ndjson"), ("traceparent", Self.trace)],
                body: lines.joined(separator: "\n"))
            _ = try await room.order("o1", [("tea", 1), ("pot", 2)], wait: nil)
            for (verb, body) in [
                ("confirm", nil), ("cancel", nil), ("cancel", #"{"lines":[1,2]}"#),
                ("extend", #"{"hold_until":"2030-01-01T00:00:00Z"}"#),
            ] {
                let async = [("Prefer", "respond-async"), ("traceparent", Self.trace)]
                #expect(try await room.change("o1", verb, body, headers: async).status == 202)
            }
            var seen: Set<String> = []
            for delivery in await tap.take() {
                let type = delivery.properties.type ?? ""
                seen.insert(type)
                for fault in commandFaults(of: delivery) { Issue.record("\(type): \(fault)") }
            }
            let messages = Documents.asyncAPI["channels"]?["commands"]?["messages"]?.names ?? []
            let described = messages.compactMap {
                Documents.asyncAPI["components"]?["messages"]?[$0]?["name"]?.string
            }
            #expect(seen == Set(described))
        }
    }

    private static let trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"

    private func commandFaults(of delivery: Delivery) -> [String] {
        let properties = delivery.properties
        let messages = Documents.asyncAPI["components"]?["messages"]
        let name = messages?.names.first { messages?[$0]?["name"]?.string == properties.type }
        guard let name, let message = messages?[name] else { return ["the type is not described"] }
        var faults: [String] = []
        if message["bindings"]?["amqp"]?["messageType"]?.string != properties.type {
            faults.append("two types")
        }
        if (message["contentType"]?.string ?? "application/json") != properties.contentType {
            faults.append("the content type")
        }
        let document = Documents.asyncAPI
        if let headers = message["headers"] {
            faults += Schema(document: document, schema: headers).faults(of: properties.headers.described)
        }
        guard properties.type == Bundle.submits else {
            guard let payload = message["payload"], let body = try? JSONFields(delivery.body) else {
                return faults + ["the body is no JSON"]
            }
            return faults + Schema(document: document, schema: payload).faults(of: .object(body))
        }
        guard let payload = messages?["submitIntent"]?["payload"], let lines = Bundle.lines(of: delivery.body)
        else { return faults + ["the bundle cannot be taken apart"] }
        return faults
            + lines.flatMap { line -> [String] in
                guard let body = try? JSONFields(line) else { return ["a line is no JSON"] }
                return Schema(document: document, schema: payload).faults(of: .object(body))
            }
    }
}
