import PostgresClient
import WeirCore

extension LookUps {
    /// Questions that are answered by one round trip: one query for each kind that occurs, and one for each page.
    struct Batch {
        private let questions: [Question]
        private var tokens: [String] = []
        private var orders: [String] = []
        /// Those of flights, which want to know what is decided and nothing else: the shorter query.
        private var flights: [String] = []
        private var commands: [String] = []
        private var skus: [String] = []
        private var pages: [(after: String, limit: Int)] = []

        init(_ questions: [Question]) {
            self.questions = questions
            for question in questions {
                switch question {
                case .intent(let token, _): tokens.append(token.text)
                case .flight(let flight, _): for token in flight { flights.append(token.text) }
                case .order(let token, _): orders.append(token.text)
                case .command(let id, _): commands.append(id.text)
                case .sku(let sku, _): skus.append(sku.text)
                case .page(let after, let limit, _): pages.append((after, limit))
                case .ping: break
                }
            }
        }

        func answer(in session: Session) throws(PostgresError) {
            var queries: [Query] = []
            if !tokens.isEmpty { queries.append(Query(LookUpQueries.intents, [.texts(tokens)])) }
            if !orders.isEmpty { queries.append(Query(LookUpQueries.orders, [.texts(orders)])) }
            if !flights.isEmpty { queries.append(Query(LookUpQueries.decided, [.texts(flights)])) }
            if !commands.isEmpty { queries.append(Query(LookUpQueries.commands, [.texts(commands)])) }
            if !skus.isEmpty { queries.append(Query(LookUpQueries.skus, [.texts(skus)])) }
            for page in pages {
                queries.append(Query(LookUpQueries.page, [.text(page.after), .int8(Int64(page.limit))]))
            }
            // Without a query it is a ping.
            var rows = try session.run(queries).makeIterator()
            let intents = tokens.isEmpty ? [:] : rows.next().map(LookUpQueries.findings) ?? [:]
            let orders = self.orders.isEmpty ? [:] : rows.next().map(LookUpQueries.orders) ?? [:]
            let decided = flights.isEmpty ? [:] : rows.next().map(LookUpQueries.decided) ?? [:]
            let results = commands.isEmpty ? [:] : rows.next().map(LookUpQueries.results) ?? [:]
            let stocks = skus.isEmpty ? [] : rows.next().map(LookUpQueries.stocks) ?? []
            let stockBySKU = Dictionary(stocks.map { ($0.sku, $0) }) { first, _ in first }
            for question in questions {
                switch question {
                case .intent(let token, let answer): answer.finish(.found(intents[token] ?? .nothing))
                case .flight(_, let then): then(.found(decided))
                case .order(let token, let answer): answer.finish(.found(orders[token] ?? .nothing))
                case .command(let id, let answer): answer.finish(.found(results[id]))
                case .sku(let sku, let answer): answer.finish(.found(stockBySKU[sku]))
                case .page(_, _, let answer):
                    answer.finish(.found(rows.next().map(LookUpQueries.stocks) ?? []))
                case .ping(let answer): answer.finish(.found(()))
                }
            }
        }
    }
}
