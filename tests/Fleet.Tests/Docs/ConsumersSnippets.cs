using MassTransit;
using Microsoft.AspNetCore.Builder;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace Fleet.Tests.Docs.Consumers;

public sealed class OrderConsumer(ShopContext shop) : IConsumer<PlaceOrder>
{
    public async Task Consume(ConsumeContext<PlaceOrder> context)
    {
        shop.Orders.Add(new Order(context.Message.Number));
        await context.Publish(new OrderPlaced(context.Message.Number));
        await context.EnqueueRunAsync(new SendInvoice(context.Message.Number));
    }
}

/// <summary>The code of docs/consumers.md, so that it compiles. <see cref="SnippetsTests"/> compares.</summary>
internal static class ConsumersSnippets
{
    public static void Register(WebApplicationBuilder builder, string connectionString, string uri)
    {
        builder.Services.AddDbContext<ShopContext>(db => db.UseNpgsql(connectionString)); // Fleet's database
        builder.AddFleet(fleet => fleet.UsePostgres(connectionString).UseRabbitMq(uri).AddConsumers(bus =>
        {
            bus.AddConsumer<OrderConsumer>();
            bus.AddConfigureEndpointsCallback((context, name, endpoint) =>
            {
                endpoint.UseMessageRetry(retry => retry.Immediate(3));
                endpoint.UseFleetOutbox<ShopContext>(context);
            });
        }));
    }
}

/// <summary>Stands for the program's own class.</summary>
public sealed class ShopContext(DbContextOptions<ShopContext> options) : DbContext(options)
{
    public DbSet<Order> Orders => Set<Order>();
}

/// <summary>Stands for the program's own class.</summary>
public sealed record Order(int Number);

/// <summary>Stands for the program's own class.</summary>
public sealed record PlaceOrder(int Number);

/// <summary>Stands for the program's own class.</summary>
public sealed record OrderPlaced(int Number);

/// <summary>Stands for the program's own class.</summary>
[Job("docs.send-invoice")]
public sealed record SendInvoice(int Number);
