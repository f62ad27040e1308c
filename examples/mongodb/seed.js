// Fills the database shop: mongosh "$MONGODB_URI" seed.js
const shop = db.getSiblingDB("shop");
shop.customers.drop();
shop.orders.drop();
shop.customers.createIndex({ updatedAt: 1 });
shop.customers.insertMany([
  { _id: "ada", name: "Ada", country: "GB", zip: "SW1A", updatedAt: new Date("2026-01-01T10:00:00Z") },
  { _id: "grace", name: "Grace", country: "US", zip: 22201, updatedAt: new Date("2026-01-02T10:00:00Z") },
]);
shop.orders.insertMany([
  { _id: 1, customer: "Ada", status: "open", total: NumberDecimal("7.50"), placedAt: new Date("2026-02-01T09:00:00Z"),
    lines: [{ item: "tea", quantity: 3, price: NumberDecimal("2.50") }] },
  { _id: 2, customer: "grace", status: "open", total: NumberDecimal("12.00"), placedAt: new Date("2026-02-01T10:00:00Z"),
    lines: [{ item: "tea", quantity: 2, price: NumberDecimal("2.50") }, { item: "milk", quantity: 7, price: NumberDecimal("1.00") }] },
]);
