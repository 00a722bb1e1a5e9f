using Fleet.Bench.Drivers;
using Fleet.Bench.Drivers.Consumers;
using Fleet.Bench.Drivers.Fleets;
using Fleet.Bench.Drivers.Floors;
using Fleet.Bench.Drivers.Peers;
using Fleet.Hosting;

// One side of one contender: enqueues, or executes, what the bench says on stdin. Usage: Fleet.Bench.Drivers ROLE
FleetHost.UseInvariantCulture();
var talk = Talk.TakeConsole();
return args switch
{
    ["fleet-client"] => await Client.RunAsync(talk, new FleetClientSide()),
    ["fleet-worker"] => await Worker.RunAsync(talk, gauge => new FleetWorkerSide(gauge)),
    ["fleet-consumer-worker"] => await Worker.RunAsync(talk, gauge => new FleetConsumerSide(gauge, "consumer")),
    ["fleet-consumer-inbox-worker"] => await Worker.RunAsync(talk, gauge => new FleetConsumerSide(gauge, "consumer-inbox")),
    ["fleet-consumer-plain-worker"] => await Worker.RunAsync(talk, gauge => new FleetConsumerSide(gauge, "consumer-plain")),
    ["fleet-consumer-batch-worker"] => await Worker.RunAsync(talk, gauge => new FleetConsumerSide(gauge, "consumer-batch")),
    ["fleet-consumer-batch-plain-worker"] => await Worker.RunAsync(talk, gauge => new FleetConsumerSide(gauge, "consumer-batch-plain")),
    ["rabbit-floor-client"] => await Client.RunAsync(talk, new RabbitClientSide()),
    ["rabbit-floor-worker"] => await Worker.RunAsync(talk, gauge => new RabbitWorkerSide(gauge)),
    ["postgres-floor-client"] => await Client.RunAsync(talk, new PostgresClientSide()),
    ["postgres-floor-worker"] => await Worker.RunAsync(talk, gauge => new PostgresWorkerSide(gauge)),
    ["effect-floor-client"] => await Client.RunAsync(talk, new EffectFloorClientSide()),
    ["effect-floor-worker"] => await Worker.RunAsync(talk, gauge => new EffectFloorWorkerSide(gauge)),
    ["hangfire-client"] => await Client.RunAsync(talk, new HangfireClientSide()),
    ["hangfire-worker"] => await Worker.RunAsync(talk, gauge => new HangfireWorkerSide(gauge)),
    ["quartz-client"] => await Client.RunAsync(talk, new QuartzClientSide()),
    ["quartz-worker"] => await Worker.RunAsync(talk, gauge => new QuartzWorkerSide(gauge)),
    ["consumers", .. var rest] => await ConsumerBench.RunAsync(rest),
    ["consume", var variant] => await ConsumerProcess.ConsumeAsync(variant),
    ["ticks", var count] => await ConsumerProcess.PublishAsync(int.Parse(count)),
    _ => Talk.Unknown(args),
};
