import ArgumentParser
import WeirCore
import WeirWire

extension SKUCommand {
    struct Put: WeirCommand {
        static let configuration = CommandConfiguration(
            abstract: "Defines a SKU, or changes the policy of one that is known.",
            discussion: """
                Of a SKU that is known whatever is not said stays as it is, which needs the scope stock:read; with \
                --replace it takes its default. --stocked counts when the SKU is new: afterwards its stock is changed \
                by 'weir sku adjust'. Two who change one policy at once had better use --if-version.
                """)
        @OptionGroup var server: ServerOptions
        @Argument(help: "The SKU.") var sku: String
        @OptionGroup var policy: PolicyOptions
        @Option(
            name: .customLong("clear"),
            help: "A field that takes its default again, such as max_per_buyer; may be repeated.")
        var cleared: [String] = []
        @Flag(help: "Whatever is not said takes its default.") var replace = false
        @Option(
            parsing: .unconditional,
            help:
                "Only if the SKU still has this version, as 'weir sku show --json' says it; otherwise nothing changes."
        )
        var ifVersion: Int64?

        /// Members may be written like options.
        private var clearedFields: [String] { cleared.map { $0.replacing("-", with: "_") } }

        func validate() throws {
            let (said, known) = (policy.fields, PolicyFields.ofPolicy)
            for field in clearedFields {
                guard known.contains(field) else {
                    throw ValidationError(
                        "--clear \(field): no field is called so; there are \(known.joined(separator: ", "))")
                }
                guard !said.members.contains(where: { $0.name == field }) else {
                    throw ValidationError(
                        "--clear \(field): the field is given a value too; do one or the other")
                }
            }
        }

        func execute() async throws {
            let said = policy.fields
            try check { () throws(WireRefusal) in try said.checkEach(sku) }
            let answer = try await server.withClient { client in
                let known = replace ? nil : try await self.known(to: client)
                let fields = known.map { said.over($0.stock.policy, clearing: clearedFields) } ?? said
                try check { () throws(WireRefusal) in try fields.check(sku) }
                return try await client.putSKU(sku, fields, ifVersion: ifVersion)
            }
            show(answer, server)
            guard let stocked = policy.stocked, stocked != answer.stock.stocked else { return }
            say(
                "weir: \(sku) was known already, so its stock stays \(answer.stock.stocked); to make it \(stocked): "
                    + "weir sku adjust \(sku) --delta \(stocked - answer.stock.stocked) --reason '…'")
        }

        /// The SKU as it stands; nil when it is new.
        private func known(to client: WeirClient) async throws -> SKUAnswer? {
            do throws(WeirClientError) {
                return try await client.sku(sku)
            } catch {
                if error.problem?.name == "unknown-sku" { return nil }
                guard error.problem?.name == "missing-scope" else { throw error }
                throw Failure(
                    "\(error); without it nobody can tell what the SKU's policy is: say all of it, and add --replace",
                    .failed)
            }
        }

        private func check(_ look: () throws(WireRefusal) -> Void) throws {
            do throws(WireRefusal) {
                try look()
            } catch {
                throw Failure(error.detail, .usage)
            }
        }
    }
}
