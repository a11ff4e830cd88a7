# python3 publish.py STUDY.json [AMQP-URL]
import json, os, sys, pika

study = json.load(open(sys.argv[1]))
url = sys.argv[2] if len(sys.argv) > 2 else os.environ["ONCORELAY_AMQP_URL"]
with pika.BlockingConnection(pika.URLParameters(url)) as connection:
    channel = connection.channel()
    channel.confirm_delivery()  # from here on, publishing waits for the broker's word, and raises without it
    channel.basic_publish(
        "oncorelay.studies", "study.submitted." + study.get("priority", "routine"), json.dumps(study),
        pika.BasicProperties(content_type="application/json", delivery_mode=2), mandatory=True)
