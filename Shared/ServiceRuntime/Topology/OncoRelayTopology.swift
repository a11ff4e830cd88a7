import Contracts
package import Messaging

/// All of the broker's objects. `oncorelay topology apply` makes them; services only check that they are there.
package enum OncoRelayTopology {
    /// How often a work queue hands a message out again before it parks it by itself. The services give up
    /// earlier (``RunnerConfiguration/crashLimit``); this is the net beneath.
    package static let deliveryLimit = 10
    /// Most messages that a work queue holds; beyond it the broker refuses, and publishers wait.
    package static let workLimit = 200_000

    package static let description: TopologyDescription = {
        var queues: [QueueDescription] = []
        var bindings: [BindingDescription] = []
        for stage in StageName.allCases {
            for priority in Priority.allCases {
                let queue = QueueName.work(stage, priority)
                queues.append(workQueue(queue, stage: stage))
                for (exchange, key) in keys(to: stage, priority) {
                    bindings.append(BindingDescription(exchange: exchange, queue: queue, routingKey: key))
                }
                for rung in RetryLadder.rungs {
                    let key = RetryLadder.routingKey(rung, backTo: queue)
                    bindings.append(
                        BindingDescription(exchange: Exchange.retry, queue: QueueName.delay(rung), routingKey: key))
                    bindings.append(BindingDescription(exchange: Exchange.dead, queue: queue, routingKey: key))
                }
            }
            let parking = QueueName.parking(stage)
            queues.append(QueueDescription(name: parking, kind: .quorum))
            bindings.append(BindingDescription(exchange: Exchange.dead, queue: parking, routingKey: parking))
        }
        queues += RetryLadder.rungs.map(delayQueue)
        queues.append(QueueDescription(name: QueueName.parkingUnrouted, kind: .quorum))
        bindings.append(
            BindingDescription(exchange: Exchange.unrouted, queue: QueueName.parkingUnrouted, routingKey: ""))
        queues.append(QueueDescription(name: QueueName.resultsAudit, kind: .stream, maxAge: "30D"))
        bindings.append(BindingDescription(exchange: Exchange.results, queue: QueueName.resultsAudit, routingKey: "#"))
        return TopologyDescription(
            exchanges: [
                ExchangeDescription(name: Exchange.unrouted, kind: .fanout),
                ExchangeDescription(name: Exchange.studies, kind: .topic, alternateExchange: Exchange.unrouted),
                ExchangeDescription(name: Exchange.pipeline, kind: .topic, alternateExchange: Exchange.unrouted),
                ExchangeDescription(name: Exchange.results, kind: .topic),
                ExchangeDescription(name: Exchange.retry, kind: .direct),
                ExchangeDescription(name: Exchange.dead, kind: .direct),
            ],
            queues: queues, bindings: bindings)
    }()

    /// Which routing keys lead to a stage's queue.
    private static func keys(to stage: StageName, _ priority: Priority) -> [(exchange: String, key: String)] {
        func pipeline(_ events: [String]) -> [(exchange: String, key: String)] {
            events.map { (Exchange.pipeline, RoutingKey.pipeline($0, priority)) }
        }
        switch stage {
        case .ingestion: return [(Exchange.studies, RoutingKey.submitted(priority, site: nil) + ".#")]
        case .preprocessing: return pipeline([StudyAdmitted.event])
        case .brainMetastasis: return [(Exchange.pipeline, RoutingKey.prepared(.brainMetastasis, priority))]
        case .lymphNode: return [(Exchange.pipeline, RoutingKey.prepared(.lymphNode, priority))]
        case .aggregation:
            return pipeline([
                StudyIngested.event, StudyRejected.event, StudyPlanned.event, RegionClassified.event, RegionLost.event,
                DeliveryParked.event,
            ])
        }
    }

    private static func workQueue(_ name: String, stage: StageName) -> QueueDescription {
        QueueDescription(
            name: name, kind: .quorum, deliveryLimit: deliveryLimit, deadLetterExchange: Exchange.dead,
            deadLetterRoutingKey: QueueName.parking(stage), deadLetterStrategyAtLeastOnce: true,
            overflowRejectPublish: true,
            maxLength: workLimit)
    }

    /// Expired messages keep their routing key, by which the dead-letter exchange leads them back to their queue.
    private static func delayQueue(_ rung: RetryLadder.Rung) -> QueueDescription {
        QueueDescription(
            name: QueueName.delay(rung), kind: .quorum, deadLetterExchange: Exchange.dead,
            deadLetterStrategyAtLeastOnce: true,
            overflowRejectPublish: true, messageTTLMilliseconds: rung.milliseconds, maxLength: workLimit)
    }
}
