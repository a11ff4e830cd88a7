# python3 subscribe.py [COUNT [AMQP-URL]]: prints what comes out, COUNT events or without end
import json, os, sys, pika

count = int(sys.argv[1]) if len(sys.argv) > 1 else 0
url = sys.argv[2] if len(sys.argv) > 2 else os.environ["ONCORELAY_AMQP_URL"]
with pika.BlockingConnection(pika.URLParameters(url)) as connection:
    channel, queue = connection.channel(), "subscriber.example"  # the queue stays, and fills while nobody listens
    channel.queue_declare(queue, durable=True, arguments={"x-queue-type": "quorum"})
    channel.queue_bind(queue, "oncorelay.results", "result.#")
    channel.basic_qos(prefetch_count=16)
    for number, (delivery, _, body) in enumerate(channel.consume(queue), start=1):
        event = json.loads(body)  # a CloudEvent; keep its "id" with what you do: it may come twice
        patient = event["data"].get("patient", {})
        print(event["type"], patient.get("origin", patient.get("status", "")), flush=True)
        channel.basic_ack(delivery.delivery_tag)
        if number == count:
            break
