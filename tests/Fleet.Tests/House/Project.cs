using System.Xml.Linq;

namespace Fleet.Tests.House;

/// <summary>A project file of the checkout.</summary>
/// <param name="Folder">From the root, such as <c>src/Core</c>.</param>
/// <param name="References">The folders of the projects it references.</param>
/// <param name="Packages">The packages it references.</param>
internal sealed record Project(string Folder, IReadOnlyList<string> References, IReadOnlyList<string> Packages)
{
    public string Name => Folder[(Folder.LastIndexOf('/') + 1)..];

    /// <summary>All projects below a folder.</summary>
    public static List<Project> ReadAll(string directory) =>
        [.. Repository.Files(Path.Combine(Repository.Root, directory), ".csproj").Select(Read)];

    private static Project Read(string file)
    {
        var folder = Path.GetDirectoryName(file)!;
        var items = XDocument.Load(file).Descendants().ToList();
        return new Project(
            FromRoot(folder),
            [.. Included(items, "ProjectReference")
                .Select(path => FromRoot(Path.GetDirectoryName(Path.GetFullPath(Path.Combine(folder, path)))!))],
            [.. Included(items, "PackageReference")]);
    }

    private static IEnumerable<string> Included(IEnumerable<XElement> items, string kind) => items
        .Where(item => item.Name.LocalName == kind)
        .Select(item => item.Attribute("Include")?.Value.Replace('\\', '/'))
        .OfType<string>();

    private static string FromRoot(string path) => Path.GetRelativePath(Repository.Root, path).Replace('\\', '/');
}
