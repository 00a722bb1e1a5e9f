using System.Text.Json;
using Fleet.Tests.Support;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Fleet.Tests.Hosting;

/// <summary>A program's own OpenAPI documents beside that of Fleet.</summary>
public sealed class OwnOpenApiTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task OwnDocument_HasOwnEndpointsOnly_AndFleetsHasThoseOfFleet(bool ownFirst)
    {
        await using var app = await StartAsync(ownFirst);
        using var http = app.GetTestClient();

        var own = await PathsAsync(http, "/openapi/v1.json");
        var fleet = await PathsAsync(http, "/openapi/fleet.json");

        Assert.Equal(["/orders/{id}"], own.Paths);
        Assert.Equal("the shop", own.Title);
        Assert.Contains(fleet.Paths, path => path.EndsWith("/runs/{id}", StringComparison.Ordinal));
        Assert.DoesNotContain("/orders/{id}", fleet.Paths);
        await app.StopAsync();
    }

    private static async Task<(string Title, IReadOnlyList<string> Paths)> PathsAsync(HttpClient http, string document)
    {
        var json = JsonElement.Parse(await http.GetStringAsync(new Uri(document, UriKind.Relative)));
        return (json.GetProperty("info").GetProperty("title").GetString()!,
            [.. json.GetProperty("paths").EnumerateObject().Select(p => p.Name)]);
    }

    private async Task<WebApplication> StartAsync(bool ownFirst)
    {
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { ContentRootPath = _folder.Path });
        builder.Logging.ClearProviders();
        builder.WebHost.UseTestServer();
        if (ownFirst)
            AddOwn(builder.Services);
        builder.AddFleet();
        if (!ownFirst)
            AddOwn(builder.Services);
        var app = builder.Build();
        app.MapOpenApi();
        app.MapGet("/orders/{id}", (int id) => id);
        app.MapFleet("/fleet").AllowAnonymous();
        await app.StartAsync();
        return app;
    }

    private static void AddOwn(IServiceCollection services) => services.AddOpenApi(options => options
        .AddDocumentTransformer((document, _, _) =>
        {
            document.Info.Title = "the shop";
            return Task.CompletedTask;
        })).AddOpenApi("fleet");
}
