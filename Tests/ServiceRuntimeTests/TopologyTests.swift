import Contracts
import Messaging
import ServiceRuntime
import Testing

@Suite struct TopologyTests {
    private let topology = OncoRelayTopology.description

    @Test func everyBindingJoinsAnExchangeAndAQueueThatExist() {
        let exchanges = Set(topology.exchanges.map(\.name))
        let queues = Set(topology.queues.map(\.name))
        for binding in topology.bindings {
            #expect(exchanges.contains(binding.exchange))
            #expect(queues.contains(binding.queue))
        }
    }

    @Test func everyStageHasTwoWorkQueuesAndAParkingQueue() {
        let queues = Set(topology.queues.map(\.name))
        for stage in StageName.allCases {
            #expect(queues.isSuperset(of: QueueName.work(stage)))
            #expect(queues.contains(QueueName.parking(stage)))
        }
    }

    @Test func workQueuesLoseNothing() {
        for queue in topology.queues where queue.name.hasSuffix(".urgent") || queue.name.hasSuffix(".routine") {
            #expect(queue.kind == .quorum)
            #expect(queue.deliveryLimit == OncoRelayTopology.deliveryLimit)
            #expect(queue.deadLetterStrategyAtLeastOnce == true)
            #expect(queue.overflowRejectPublish == true)
            #expect(queue.deadLetterExchange == Exchange.dead)
        }
    }

    @Test func everyRungOfTheLadderLeadsBackToEveryWorkQueue() {
        for rung in RetryLadder.rungs {
            for stage in StageName.allCases {
                for queue in QueueName.work(stage) {
                    let key = RetryLadder.routingKey(rung, backTo: queue)
                    #expect(
                        topology.bindings.contains {
                            $0.exchange == Exchange.retry && $0.queue == QueueName.delay(rung) && $0.routingKey == key
                        })
                    #expect(
                        topology.bindings.contains {
                            $0.exchange == Exchange.dead && $0.queue == queue && $0.routingKey == key
                        })
                }
            }
        }
    }

    @Test func parkingQueuesNeverForget() {
        for queue in topology.queues where queue.name.hasPrefix("parking.") {
            #expect(queue.messageTTLMilliseconds == nil)
            #expect(queue.maxLength == nil)
        }
    }
}
